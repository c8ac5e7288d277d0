/** Cancels a timer; calling it after the timer fired, or twice, does nothing. */
export type CancelTimer = () => void;

/**
 * The only source of time. Everything that waits or stamps takes one as input, so that tests (and, for the
 * service clock, users) can drive it.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
  /** Milliseconds with fraction from an arbitrary origin, never going back: for durations. */
  monotonicMs(): number;
  /** Calls `fire` once after `delayMs`. The timer does not keep the process alive. */
  setTimer(delayMs: number, fire: () => void): CancelTimer;
}

const LONGEST_NODE_TIMER_MS = 2 ** 31 - 1;

/** The machine's own time. */
export class WallClock implements Clock {
  nowMs(): number {
    return Date.now();
  }

  monotonicMs(): number {
    return performance.now();
  }

  setTimer(delayMs: number, fire: () => void): CancelTimer {
    const timer = setTimeout(fire, Math.min(Math.max(0, delayMs), LONGEST_NODE_TIMER_MS));
    timer.unref();
    return () => clearTimeout(timer);
  }
}

interface PendingTimer {
  readonly dueMs: number;
  readonly order: number;
  readonly fire: () => void;
}

/** A clock that stands still until it is told to advance. */
export class ManualClock implements Clock {
  #nowMs: number;
  #order = 0;
  readonly #startMs: number;
  readonly #timers = new Set<PendingTimer>();

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
    this.#startMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs - this.#startMs;
  }

  setTimer(delayMs: number, fire: () => void): CancelTimer {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, fire };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Moves time forward and fires, in order, every timer that comes due on the way. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (let next = this.#nextDue(untilMs); next !== undefined; next = this.#nextDue(untilMs)) {
      this.#timers.delete(next);
      this.#nowMs = next.dueMs;
      next.fire();
    }
    this.#nowMs = untilMs;
  }

  #nextDue(untilMs: number): PendingTimer | undefined {
    let first: PendingTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs > untilMs) continue;
      if (!first || timer.dueMs < first.dueMs || (timer.dueMs === first.dueMs && timer.order < first.order)) {
        first = timer;
      }
    }
    return first;
  }
}
