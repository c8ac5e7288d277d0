import { type Deferred, deferred } from '../base/index.ts';

/** Counts requests that are being answered, so that a server can stop when there are none. */
export class InFlight {
  #now = 0;
  #served = 0;
  #drained: Deferred<void> | undefined;

  /** Nothing new is wanted: connections end with their answer. */
  get draining(): boolean {
    return this.#drained !== undefined;
  }

  get counts(): { readonly served: number; readonly inFlight: number } {
    return { served: this.#served, inFlight: this.#now };
  }

  begin(): void {
    this.#now++;
  }

  end(): void {
    this.#now--;
    this.#served++;
    if (this.#now === 0) this.#drained?.resolve();
  }

  /** Resolves once nothing is being answered any more. */
  drain(): Promise<void> {
    this.#drained ??= deferred();
    if (this.#now === 0) this.#drained.resolve();
    return this.#drained.promise;
  }
}
