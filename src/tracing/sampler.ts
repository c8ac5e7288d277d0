/** Of the requests beyond the first of each second. */
const FIXED_RATE = 0.05;

/** X-Ray's default rule: the first request of each second, and five percent of the others. */
export class Sampler {
  #second = Number.NEGATIVE_INFINITY;

  /** `fraction`: uniform in [0, 1). */
  decide(nowMs: number, fraction: number): boolean {
    const second = Math.floor(nowMs / 1_000);
    if (second === this.#second) return fraction < FIXED_RATE;
    this.#second = second;
    return true;
  }
}
