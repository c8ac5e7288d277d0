import type { CancelTimer, Clock } from '../base/index.ts';
import type { Caller, EnvironmentInvocation } from '../environments/index.ts';
import type { EnvironmentPool } from './environment-pool.ts';

/** An invocation that is admitted and has no environment yet. */
export interface PendingInvocation {
  readonly pool: EnvironmentPool;
  readonly invocation: EnvironmentInvocation;
  readonly caller: Caller;
  /** Counts on the pool's provisioned environments. */
  readonly ahead: boolean;
}

interface Place {
  readonly pending: PendingInvocation;
  readonly cancelTimer: CancelTimer;
}

/** Invocations that wait for an environment, first come, first served. */
export class WaitingLine {
  readonly #clock: Clock;
  readonly #places = new Set<Place>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get length(): number {
    return this.#places.size;
  }

  get first(): PendingInvocation | undefined {
    const [place] = this.#places;
    return place?.pending;
  }

  /** Queues up; after `waitMs` in vain the invocation leaves the line and `tooLong` is called with it. */
  add(pending: PendingInvocation, waitMs: number, tooLong: (pending: PendingInvocation) => void): void {
    const cancelTimer = this.#clock.setTimer(waitMs, () => {
      this.#places.delete(place);
      tooLong(pending);
    });
    const place: Place = { pending, cancelTimer };
    this.#places.add(place);
  }

  /** How many wait for an environment of this pool. */
  countFor(pool: EnvironmentPool): number {
    let count = 0;
    for (const { pending } of this.#places) if (pending.pool === pool) count++;
    return count;
  }

  /** Takes the first, or the first of one pool, out of the line. */
  take(pool?: EnvironmentPool): PendingInvocation | undefined {
    for (const place of this.#places) {
      if (pool && place.pending.pool !== pool) continue;
      this.#places.delete(place);
      place.cancelTimer();
      return place.pending;
    }
    return undefined;
  }
}
