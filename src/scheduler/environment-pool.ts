import {
  acceptsInvocation,
  type EnvironmentOwner,
  type EnvironmentServices,
  ExecutionEnvironment,
  type PreparedVersion,
} from '../environments/index.ts';
import type { FunctionVersion } from '../model/index.ts';
import { AheadEnvironments, type GoneListener } from './ahead.ts';
import type { Load } from './concurrency.ts';
import { ConcurrencyWindow } from './concurrency-window.ts';
import type { EvictionCandidate } from './eviction.ts';
import type { ArrivalHistory } from './keep-alive.ts';
import type { Turns } from './turns.ts';

/** Expected memory of an environment of which nothing was measured yet: a booted interpreter with a small function. */
const UNMEASURED_BYTES = 67_108_864;

/** What an invocation of the pool may count on; made once, not at each invocation. */
export interface PoolLoads {
  readonly ofFunction: Load;
  readonly unreserved: Load;
  readonly reservedRun: readonly Load[];
  readonly unreservedRun: readonly Load[];
  readonly provisioned: readonly Load[];
}

/** Told what happens in a pool. */
export interface PoolObserver {
  available(pool: EnvironmentPool): void;
  /** Nobody can use it: it is to be closed. */
  broken(environment: ExecutionEnvironment): void;
  closing(pool: EnvironmentPool): void;
  closed(pool: EnvironmentPool): void;
}

/** What a pool is for, and what it shares with the pools of other deployments. */
export interface PoolParts {
  readonly version: FunctionVersion;
  /** Only with tenant isolation: its environments are this tenant's and nobody else's. */
  readonly tenantId: string | undefined;
  /** Of the whole function, and of its account and region. */
  readonly ofFunction: Load;
  readonly unreserved: Load;
  readonly arrivals: ArrivalHistory;
  readonly turns: (pool: EnvironmentPool) => Turns;
  readonly observer: PoolObserver;
}

/** The environments of one deployment of one function version, or of one tenant of it. */
export class EnvironmentPool implements EnvironmentOwner {
  readonly version: FunctionVersion;
  readonly tenantId: string | undefined;
  readonly environments = new Set<ExecutionEnvironment>();
  /** Those of provisioned concurrency. */
  readonly ahead = new AheadEnvironments();
  readonly loads: PoolLoads;
  /** Invocations that wait for a busy environment although one is idle. */
  readonly turns: Turns;
  readonly window = new ConcurrencyWindow();
  /** No longer deployed: what is still running ends, and nothing is kept. */
  retired = false;
  /** Environments that are about to be, as soon as the version is prepared. */
  preparing = 0;
  #prepared: Promise<PreparedVersion> | undefined;
  readonly #arrivals: ArrivalHistory;
  readonly #observer: PoolObserver;
  /** Most recently used last; those that must initialise again first. */
  readonly #idle: ExecutionEnvironment[] = [];
  #peakBytes = 0;

  constructor({ version, tenantId, ofFunction, unreserved, arrivals, ...parts }: PoolParts) {
    this.version = version;
    this.tenantId = tenantId;
    this.loads = {
      ofFunction,
      unreserved,
      reservedRun: [ofFunction],
      unreservedRun: [ofFunction, unreserved],
      provisioned: [this.ahead.load],
    };
    this.#arrivals = arrivals;
    this.turns = parts.turns(this);
    this.#observer = parts.observer;
  }

  get key(): string {
    return poolKey(this.version, this.tenantId);
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

  /** A new environment for an invocation that found none. */
  add(prepared: PreparedVersion, services: EnvironmentServices): ExecutionEnvironment {
    const { lastEndedMs } = this.#arrivals;
    if (this.environments.size === 0 && lastEndedMs !== undefined) {
      this.#arrivals.paused(services.clock.monotonicMs() - lastEndedMs);
    }
    const environment = new ExecutionEnvironment(this.version, prepared, { services, owner: this });
    this.environments.add(environment);
    return environment;
  }

  /** A new environment of provisioned concurrency; to be initialised, and then released. */
  addAhead(
    prepared: PreparedVersion,
    services: EnvironmentServices,
    gone: GoneListener,
  ): ExecutionEnvironment {
    const context = { services, owner: this, ahead: true };
    const environment = new ExecutionEnvironment(this.version, prepared, context);
    this.environments.add(environment);
    this.ahead.add(environment, gone);
    return environment;
  }

  release(environment: ExecutionEnvironment): void {
    this.ahead.release(environment);
    this.#observer.available(this);
  }

  get #busy(): number {
    return this.environments.size - this.#idle.length;
  }

  /**
   * Whether the next invocation had better wait for a busy environment than wake an idle one. Never where somebody had
   * environments provisioned, who wants them used.
   */
  get takesTurns(): boolean {
    const { size } = this.window;
    return size !== undefined && this.#idle.length > 0 && this.#busy >= size && this.ahead.all === 0;
  }

  get hasIdle(): boolean {
    return this.#idle.length > 0;
  }

  /** Environments that have answered and not yet asked for more; those of provisioned concurrency only where asked for. */
  finishing(provisionedToo: boolean): number {
    let count = 0;
    for (const environment of this.environments) {
      if (environment.state === 'finishing' && (provisionedToo || !this.ahead.has(environment))) count++;
    }
    return count;
  }

  get isStarting(): boolean {
    if (this.preparing > 0) return true;
    for (const environment of this.environments) if (environment.state === 'initializing') return true;
    return false;
  }

  get usedBytes(): number {
    return this.#bytesOf(this.environments);
  }

  /** Of its provisioned environments. */
  get aheadBytes(): number {
    return this.#bytesOf(this.ahead.environments);
  }

  #bytesOf(environments: Iterable<ExecutionEnvironment>): number {
    let sum = 0;
    for (const environment of environments) sum += environment.memoryPeakBytes || this.neededBytes;
    return sum;
  }

  /** What the next environment will use, as far as this pool has seen. */
  get neededBytes(): number {
    return Math.min(this.version.memoryMiB * 1_048_576, this.#peakBytes || UNMEASURED_BYTES);
  }

  /** How long an idle environment lives, as the function's arrivals have taught. */
  get keepAliveMs(): number {
    return this.#arrivals.keepAliveMs;
  }

  /** A provisioned one first; else the most recently used: warm caches, and the others may expire. */
  takeIdle(provisionedToo: boolean): ExecutionEnvironment | undefined {
    if (provisionedToo && this.ahead.size > 0) {
      const ahead = this.ahead.take();
      if (ahead) return ahead;
    }
    for (let next = this.#idle.pop(); next; next = this.#idle.pop()) {
      if (acceptsInvocation(next.state)) return next;
    }
    return undefined;
  }

  /** The one that has been idle for longest, with what it is worth; none of provisioned concurrency. */
  evictionCandidate(
    nowMs: number,
  ): (EvictionCandidate & { readonly environment: ExecutionEnvironment }) | undefined {
    const [environment] = this.#idle;
    if (!environment) return undefined;
    return {
      environment,
      idleMs: nowMs - environment.idleSinceMs,
      keepAliveMs: this.keepAliveMs,
      initMs: environment.state === 'reset' ? 0 : environment.initMs,
      bytes: environment.memoryPeakBytes || this.neededBytes,
    };
  }

  resumed(idleMs: number): void {
    this.#arrivals.paused(idleMs);
  }

  available(environment: ExecutionEnvironment): void {
    this.#peakBytes = Math.max(this.#peakBytes, environment.memoryPeakBytes);
    this.#arrivals.lastEndedMs = environment.idleSinceMs;
    if (this.ahead.all > 0 && this.ahead.has(environment)) return this.#aheadAvailable(environment);
    this.window.observe(environment.lastDurationMs, this.#busy);
    if (environment.state === 'reset') this.#idle.unshift(environment);
    else this.#idle.push(environment);
    this.#observer.available(this);
  }

  /** One whose process ended is replaced, ahead of invocations again, rather than initialised within the next. */
  #aheadAvailable(environment: ExecutionEnvironment): void {
    if (environment.state === 'reset') return this.#observer.broken(environment);
    this.ahead.available(environment);
    this.#observer.available(this);
  }

  closing(environment: ExecutionEnvironment): void {
    const at = this.#idle.indexOf(environment);
    if (at !== -1) this.#idle.splice(at, 1);
    this.environments.delete(environment);
    this.ahead.remove(environment);
    this.#observer.closing(this);
  }

  closed(): void {
    this.#observer.closed(this);
  }
}

/** Pools are of one deployment and, with tenant isolation, of one tenant: no id contains a line break. */
export function poolKey({ deploymentId }: FunctionVersion, tenantId: string | undefined): string {
  return tenantId === undefined ? deploymentId : `${deploymentId}\n${tenantId}`;
}
