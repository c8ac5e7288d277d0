import type { PhaseTimes } from '../base/index.ts';

/** What the start of a runtime is made of: `pool` and `mounts` where one was waiting, else `sandbox`; then `runtime`. */
export type StartStep = 'pool' | 'mounts' | 'sandbox' | 'runtime';

/** When each step was done for the first time, on the monotonic clock. */
export class StartSteps {
  readonly #atMs = new Map<StartStep, number>();

  at(step: StartStep, nowMs: number): void {
    if (!this.#atMs.has(step)) this.#atMs.set(step, nowMs);
  }

  /**
   * A bootstrap may connect before the OCI runtime has told that its sandbox runs: the two are one phase then. One that
   * waited in the pool was there all the time.
   */
  describe(phases: PhaseTimes): void {
    const [pool, mounts] = [this.#atMs.get('pool'), this.#atMs.get('mounts')];
    if (pool !== undefined && mounts !== undefined) {
      phases.end('pool', pool);
      return phases.end('mounts', mounts);
    }
    const [sandbox = 0, runtime = 0] = [this.#atMs.get('sandbox'), this.#atMs.get('runtime')];
    phases.end('sandbox', sandbox);
    if (runtime > sandbox) phases.end('runtime', runtime);
  }
}
