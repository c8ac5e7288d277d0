import type { CancelTimer, Clock } from './clock.ts';

/**
 * One due time that moves often and is seldom reached, such as a deadline set and cleared at each invocation. Moving it
 * later, or clearing it, costs an assignment: the timer underneath is left to fire, and then looks again.
 */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #dueMs = Number.POSITIVE_INFINITY;
  #timerDueMs = Number.POSITIVE_INFINITY;
  #cancelTimer: CancelTimer | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings once, `delayMs` from now, in place of whatever was set before. */
  set(delayMs: number): void {
    this.#dueMs = this.#clock.monotonicMs() + delayMs;
    if (this.#timerDueMs > this.#dueMs) this.#startTimer(delayMs);
  }

  clear(): void {
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  /** Leaves no timer behind. */
  close(): void {
    this.clear();
    this.#cancelTimer?.();
    this.#timerDueMs = Number.POSITIVE_INFINITY;
  }

  #startTimer(delayMs: number): void {
    this.#cancelTimer?.();
    this.#timerDueMs = this.#dueMs;
    this.#cancelTimer = this.#clock.setTimer(delayMs, () => this.#timerFired());
  }

  #timerFired(): void {
    this.#timerDueMs = Number.POSITIVE_INFINITY;
    if (this.#dueMs === Number.POSITIVE_INFINITY) return;
    // A Node timer may fire a fraction of a millisecond early.
    const leftMs = this.#dueMs - this.#clock.monotonicMs();
    if (leftMs > 0) return this.#startTimer(Math.ceil(leftMs));
    this.clear();
    this.#ring();
  }
}
