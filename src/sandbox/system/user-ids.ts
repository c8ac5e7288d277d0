/** User ids for sandboxes, one each: inotify instances and pending signals are counted by user, across sandboxes. */
export class UserIds {
  readonly #first: number;
  /** How many sandboxes use each: a fork has its template's. */
  readonly #taken = new Map<number, number>();
  #next = 0;

  /** Each server gets its own range of ids, chosen by `hash`, the hexadecimal hash of its state folder. */
  constructor(hash: string) {
    this.#first = FIRST_UID + (parseInt(hash.slice(0, 4), 16) % RANGES) * IDS_PER_RANGE;
  }

  take(): number {
    for (let tries = 0; tries < IDS_PER_RANGE; tries++) {
      const uid = this.#first + (this.#next++ % IDS_PER_RANGE);
      if (this.#taken.has(uid)) continue;
      this.#taken.set(uid, 1);
      return uid;
    }
    throw new RangeError(`all ${IDS_PER_RANGE} user ids are taken`);
  }

  /** One more sandbox uses it. */
  share(uid: number): number {
    this.#taken.set(uid, (this.#taken.get(uid) ?? 0) + 1);
    return uid;
  }

  release(uid: number): void {
    const users = (this.#taken.get(uid) ?? 0) - 1;
    if (users > 0) this.#taken.set(uid, users);
    else this.#taken.delete(uid);
  }
}

/** Far above what accounts, systemd's dynamic users and sub-id ranges use. */
const FIRST_UID = 1_700_000_000;
const IDS_PER_RANGE = 4096;
const RANGES = 65_536;
