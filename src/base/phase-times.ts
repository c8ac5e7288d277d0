import type { Clock } from './clock.ts';

export interface PhaseTime {
  readonly name: string;
  readonly durationMs: number;
}

/** How long each phase of one piece of work took: they follow one another without gaps. */
export class PhaseTimes {
  readonly #clock: Clock;
  readonly #phases: PhaseTime[] = [];
  #sinceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.monotonicMs();
  }

  /** Ends a phase, at a monotonic time of this clock if not now; it began where the one before it ended. */
  end(name: string, atMs = this.#clock.monotonicMs()): void {
    this.#phases.push({ name, durationMs: Math.max(0, atMs - this.#sinceMs) });
    this.#sinceMs = Math.max(this.#sinceMs, atMs);
  }

  get all(): readonly PhaseTime[] {
    return this.#phases;
  }
}
