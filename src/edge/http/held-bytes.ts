/** What the server may hold in memory for others, in bytes. */
export interface HeldBytesLimits {
  readonly total: number;
  /** For one execution environment, so that none uses up what all the others need. */
  readonly environment: number;
}

/** Keeps account of memory that is held for somebody: whoever came out of an environment has an account of its own. */
export class HeldBytes {
  readonly #limits: HeldBytesLimits;
  readonly #byEnvironment = new WeakMap<object, number>();
  #total = 0;

  constructor(limits: HeldBytesLimits) {
    this.#limits = limits;
  }

  /** False, and nothing is taken, where that would be too much. `environment` is undefined for callers from outside. */
  take(environment: object | undefined, bytes: number): boolean {
    if (this.#total + bytes > this.#limits.total) return false;
    if (environment !== undefined) {
      const held = (this.#byEnvironment.get(environment) ?? 0) + bytes;
      if (held > this.#limits.environment) return false;
      this.#byEnvironment.set(environment, held);
    }
    this.#total += bytes;
    return true;
  }

  giveBack(environment: object | undefined, bytes: number): void {
    this.#total -= bytes;
    if (environment === undefined) return;
    this.#byEnvironment.set(environment, (this.#byEnvironment.get(environment) ?? 0) - bytes);
  }
}
