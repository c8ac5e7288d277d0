import type { ExecutionEnvironment } from '../environments/index.ts';
import { acceptsInvocation } from '../environments/index.ts';
import { Load } from './concurrency.ts';

/** Told when an environment that was started ahead is no more; `served` says whether it ran an invocation before. */
export type GoneListener = (served: boolean) => void;

interface Membership {
  readonly gone: GoneListener;
  /** Before that it is held back: AWS uses none until all that were asked for are ready. */
  released: boolean;
  served: boolean;
}

/** The environments of a pool that were started ahead of invocations, for provisioned concurrency. */
export class AheadEnvironments {
  /** Invocations that were admitted to them. */
  readonly load = new Load();
  readonly #members = new Map<ExecutionEnvironment, Membership>();
  readonly #idle: ExecutionEnvironment[] = [];
  #size = 0;

  /** How many may be used. */
  get size(): number {
    return this.#size;
  }

  /** How many of them no admitted invocation has; one that has answered and not yet asked for more counts. */
  get free(): number {
    return this.#size - this.load.inFlight;
  }

  /** Live ones, those included that still initialise or are held back. */
  get all(): number {
    return this.#members.size;
  }

  get environments(): Iterable<ExecutionEnvironment> {
    return this.#members.keys();
  }

  has(environment: ExecutionEnvironment): boolean {
    return this.#members.has(environment);
  }

  add(environment: ExecutionEnvironment, gone: GoneListener): void {
    this.#members.set(environment, { gone, released: false, served: false });
  }

  /** From now on it may be used. */
  release(environment: ExecutionEnvironment): void {
    const member = this.#members.get(environment);
    if (!member || member.released) return;
    member.released = true;
    this.#size++;
    if (acceptsInvocation(environment.state)) this.#idle.push(environment);
  }

  take(): ExecutionEnvironment | undefined {
    for (let next = this.#idle.pop(); next; next = this.#idle.pop()) {
      const member = this.#members.get(next);
      if (!member || !acceptsInvocation(next.state)) continue;
      member.served = true;
      return next;
    }
    return undefined;
  }

  available(environment: ExecutionEnvironment): void {
    if (this.#members.get(environment)?.released) this.#idle.push(environment);
  }

  remove(environment: ExecutionEnvironment): void {
    const member = this.#members.get(environment);
    if (!member) return;
    this.#members.delete(environment);
    if (member.released) this.#size--;
    const at = this.#idle.indexOf(environment);
    if (at !== -1) this.#idle.splice(at, 1);
    member.gone(member.served);
  }
}
