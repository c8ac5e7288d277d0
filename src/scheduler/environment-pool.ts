import {
  acceptsInvocation,
  type EnvironmentOwner,
  type EnvironmentServices,
  type ExecutionEnvironment,
  type PreparedVersion,
} from '../environments/index.ts';
import type { FunctionVersion } from '../model/index.ts';
import type { Load } from './concurrency.ts';
import { ConcurrencyWindow } from './concurrency-window.ts';
import type { Turns } from './turns.ts';

/** Expected memory of an environment of which nothing was measured yet: a booted interpreter with a small function. */
const UNMEASURED_BYTES = 67_108_864;

export interface PoolLoads {
  readonly ofFunction: Load;
  readonly unreserved: Load;
}

export interface PoolParts {
  readonly loads: PoolLoads;
  readonly turns: (pool: EnvironmentPool) => Turns;
}

/** Told what happens in a pool. */
export interface PoolObserver {
  available(pool: EnvironmentPool): void;
  closing(pool: EnvironmentPool): void;
  closed(pool: EnvironmentPool): void;
}

/** The environments of one deployment of one function version. */
export class EnvironmentPool implements EnvironmentOwner {
  readonly version: FunctionVersion;
  readonly environments = new Set<ExecutionEnvironment>();
  /** Of the whole function, and of its account and region: looked up once, not at each invocation. */
  readonly loads: PoolLoads;
  /** Invocations that wait for a busy environment although one is idle. */
  readonly turns: Turns;
  readonly window = new ConcurrencyWindow();
  /** No longer deployed: what is still running ends, and nothing is kept. */
  retired = false;
  /** Environments that are about to be, as soon as the version is prepared. */
  preparing = 0;
  #prepared: Promise<PreparedVersion> | undefined;
  readonly #observer: PoolObserver;
  /** Most recently used last; those that must initialise again first. */
  readonly #idle: ExecutionEnvironment[] = [];
  #peakBytes = 0;

  constructor(version: FunctionVersion, parts: PoolParts, observer: PoolObserver) {
    this.version = version;
    this.loads = parts.loads;
    this.turns = parts.turns(this);
    this.#observer = observer;
  }

  /** Code, layers and runtime on this machine: fetched once, for all environments of the pool. */
  async prepare(services: EnvironmentServices): Promise<PreparedVersion> {
    this.#prepared ??= services.prepare(this.version);
    try {
      return await this.#prepared;
    } catch (error) {
      this.#prepared = undefined;
      throw error;
    }
  }

  get #busy(): number {
    return this.environments.size - this.#idle.length;
  }

  /** Whether the next invocation had better wait for a busy environment than wake an idle one. */
  get takesTurns(): boolean {
    const { size } = this.window;
    return size !== undefined && this.#idle.length > 0 && this.#busy >= size;
  }

  get hasIdle(): boolean {
    return this.#idle.length > 0;
  }

  /** Environments that have answered and not yet asked for more. */
  get finishing(): number {
    let count = 0;
    for (const environment of this.environments) if (environment.state === 'finishing') count++;
    return count;
  }

  get usedBytes(): number {
    let sum = 0;
    for (const environment of this.environments) sum += environment.memoryPeakBytes || this.neededBytes;
    return sum;
  }

  /** What the next environment will use, as far as this pool has seen. */
  get neededBytes(): number {
    return Math.min(this.version.memoryMiB * 1_048_576, this.#peakBytes || UNMEASURED_BYTES);
  }

  /** The most recently used idle environment; warm caches, and the others may expire. */
  takeIdle(): ExecutionEnvironment | undefined {
    for (let next = this.#idle.pop(); next; next = this.#idle.pop()) {
      if (acceptsInvocation(next.state)) return next;
    }
    return undefined;
  }

  /** The one that would be missed least. */
  get leastRecentlyUsed(): ExecutionEnvironment | undefined {
    return this.#idle[0];
  }

  available(environment: ExecutionEnvironment): void {
    this.#peakBytes = Math.max(this.#peakBytes, environment.memoryPeakBytes);
    this.window.observe(environment.lastDurationMs, this.#busy);
    if (environment.state === 'reset') this.#idle.unshift(environment);
    else this.#idle.push(environment);
    this.#observer.available(this);
  }

  closing(environment: ExecutionEnvironment): void {
    const at = this.#idle.indexOf(environment);
    if (at !== -1) this.#idle.splice(at, 1);
    this.environments.delete(environment);
    this.#observer.closing(this);
  }

  closed(): void {
    this.#observer.closed(this);
  }
}
