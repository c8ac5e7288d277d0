/** What answers within this is quick. */
const QUICK_MS = 2;
/** Invocations between two looks at the window, and before the first. */
const ROUND = 32;
/** A quick function may have so many invocations a round that are not: a busy machine makes any process wait at times. */
const SLOW_A_ROUND = 6;
/** Every so many rounds half of the window is tried, and the fastest invocation before that forgotten. */
const PROBE_ROUNDS = 32;
const LEAST = 2;

/**
 * How many environments of a quick function to keep busy before the next invocation waits for one of them rather than
 * waking another. More busy processes than the machine can run at a time gain nothing and cost caches: 16 callers of an echo
 * took 62 µs of CPU in 16 environments, 28 in three. Decided as TCP Vegas decides its window: invocations that
 * take longer the more of them run are queueing for the machine, so fewer do better; where they take no longer, they wait
 * for something else, and more may run. All other functions run side by side at once, as on AWS.
 */
export class ConcurrencyWindow {
  /** Not bounded until something is known. */
  #size = Number.POSITIVE_INFINITY;
  #isQuick = false;
  #rounds = 0;
  #samples = 0;
  #quick = 0;
  #quickMs = 0;
  /** As many environments as were busy at a time in this round. */
  #busiest = 0;
  #fastestMs = QUICK_MS;

  /** Undefined where invocations do not take turns. */
  get size(): number | undefined {
    return this.#isQuick ? this.#size : undefined;
  }

  /** An invocation took so long in its environment, with so many busy ones when it ended. */
  observe(durationMs: number, busy: number): void {
    if (busy > this.#busiest) this.#busiest = busy;
    if (durationMs < QUICK_MS) {
      this.#quick++;
      this.#quickMs += durationMs;
      if (durationMs < this.#fastestMs) this.#fastestMs = durationMs;
    }
    if (++this.#samples === ROUND) this.#endRound();
  }

  /** Whoever waited, waited in vain: what was known of this function is no longer true. */
  forget(): void {
    this.#isQuick = false;
    this.#size = Number.POSITIVE_INFINITY;
    this.#rounds = 0;
    this.#startRound();
  }

  #endRound(): void {
    this.#isQuick = ROUND - this.#quick <= SLOW_A_ROUND;
    if (this.#isQuick) this.#resize(this.#quickMs / this.#quick);
    else this.forget();
    this.#startRound();
  }

  #resize(meanMs: number): void {
    const used = Math.min(this.#size, this.#busiest);
    const queueing = used * (1 - Math.min(1, this.#fastestMs / meanMs));
    if (this.#rounds++ % PROBE_ROUNDS === 0) {
      this.#fastestMs = Math.min(QUICK_MS, meanMs);
      this.#size = Math.max(LEAST, Math.ceil(used / 2));
    } else if (queueing > 2) this.#size = Math.max(LEAST, Math.ceil(used * 0.75));
    else if (queueing < 1) this.#size = used + 1;
    else this.#size = Math.max(LEAST, used);
  }

  #startRound(): void {
    this.#samples = 0;
    this.#quick = 0;
    this.#quickMs = 0;
    this.#busiest = 0;
  }
}
