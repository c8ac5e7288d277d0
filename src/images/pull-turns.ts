/** Pulls at once: each holds a connection and at times a thread. */
const AT_ONCE = 4;

/** Lets a few go ahead and the rest wait in order. */
export class PullTurns {
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  async take(): Promise<void> {
    if (this.#taken < AT_ONCE) this.#taken++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** The next one in line goes on in place of whoever gives. */
  give(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#taken--;
  }
}
