import { accessKeyId, longLivedSecret } from '../../aws-protocol/index.ts';
import type { Clock, Ids } from '../../base/index.ts';
import type { Database } from '../../store/index.ts';
import { deleteKey, insertKey, readKeys, type StoredKey } from './keys-store.ts';

export interface AccessKey extends StoredKey {
  readonly secretAccessKey: string;
}

interface AccessKeysNeeds {
  /** With `accessKeysMigrations` applied. */
  readonly database: Database;
  readonly masterKey: Uint8Array;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** Keys of one server; each row is about 300 bytes of memory. */
const MOST_KEYS = 10_000;

/** Long-lived access keys (`hearth keys`): on disk first, then in memory, where every request finds them. */
export class AccessKeys {
  readonly #needs: AccessKeysNeeds;
  readonly #keys = new Map<string, AccessKey>();
  readonly #listeners: (() => void)[] = [];

  private constructor(needs: AccessKeysNeeds) {
    this.#needs = needs;
  }

  static async open(needs: AccessKeysNeeds): Promise<AccessKeys> {
    const keys = new AccessKeys(needs);
    for (const stored of await readKeys(needs.database)) keys.#hold(stored);
    return keys;
  }

  find(keyId: string): AccessKey | undefined {
    return this.#keys.get(keyId);
  }

  list(): readonly AccessKey[] {
    return [...this.#keys.values()];
  }

  /** Undefined when there are as many keys as there may be. */
  async create(account: string): Promise<AccessKey | undefined> {
    if (this.#keys.size >= MOST_KEYS) return undefined;
    const { clock, ids, database } = this.#needs;
    const stored = { accessKeyId: accessKeyId('AKIA', ids), account, createdAtMs: clock.nowMs() };
    await insertKey(database, stored);
    return this.#hold(stored);
  }

  /** Whether there was such a key. */
  async delete(keyId: string): Promise<boolean> {
    const deleted = await deleteKey(this.#needs.database, keyId);
    this.#keys.delete(keyId);
    this.#changed();
    return deleted;
  }

  /** Called after every change, so that nobody goes on believing a key that is gone. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  #hold(stored: StoredKey): AccessKey {
    const key = { ...stored, secretAccessKey: longLivedSecret(this.#needs.masterKey, stored.accessKeyId) };
    this.#keys.set(stored.accessKeyId, key);
    this.#changed();
    return key;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
