import type { Caller, EnvironmentOutcome } from '../environments/index.ts';
import type { FunctionVersion, Scope } from '../model/index.ts';
import { TokenBucket } from './token-bucket.ts';

/** A number of invocations that run now, and the buckets of the rates that may bind them. */
export class Load {
  inFlight = 0;
  /** Requests of synchronous callers, where a limit bounds them. */
  readonly requests = new TokenBucket();
  /** New environments. */
  readonly starts = new TokenBucket();
}

/** How many invocations run now, by function, and by account and region outside of reserved concurrency. */
export class ConcurrencyLedger {
  readonly #functions = new Map<string, Load>();
  readonly #unreserved = new Map<string, Load>();

  ofFunction(version: FunctionVersion): Load {
    return loadOf(this.#functions, `${scopeKey(version)}/${version.name}`);
  }

  unreservedOf(scope: Scope): Load {
    return loadOf(this.#unreserved, scopeKey(scope));
  }
}

function scopeKey({ account, region }: Scope): string {
  return `${account}/${region}`;
}

function loadOf(loads: Map<string, Load>, key: string): Load {
  const known = loads.get(key);
  if (known) return known;
  const load = new Load();
  loads.set(key, load);
  return load;
}

/** An admitted invocation's caller: counts as concurrent until it has its outcome, which it gets exactly once. */
export class CountedCaller implements Caller {
  readonly #caller: Caller;
  readonly #loads: readonly Load[];
  readonly #settled: () => void;

  constructor(caller: Caller, loads: readonly Load[], settled: () => void) {
    this.#caller = caller;
    this.#loads = loads;
    this.#settled = settled;
    for (const load of loads) load.inFlight++;
  }

  resolve(outcome: EnvironmentOutcome): void {
    this.#release();
    this.#caller.resolve(outcome);
  }

  reject(error: unknown): void {
    this.#release();
    this.#caller.reject(error);
  }

  #release(): void {
    for (const load of this.#loads) load.inFlight--;
    this.#settled();
  }
}
