import {
  type Caller,
  type EnvironmentInvocation,
  type EnvironmentServices,
  type ExecutionEnvironment,
  type GenericPoolStatus,
} from '../environments/index.ts';
import type { InvocationTarget } from '../functions/index.ts';
import { awsError, type FunctionVersion, limits } from '../model/index.ts';
import { throttled } from './admission.ts';
import { Admission } from './admit.ts';
import type { GoneListener } from './ahead.ts';
import {
  type AheadUse,
  type CapacityDecision,
  decideCapacity,
  hasRoomToSpare,
  type MachineLimits,
  type MachineUse,
  mayStartAhead,
} from './capacity.ts';
import { ConcurrencyLedger, CountedCaller } from './concurrency.ts';
import { EnvironmentPool, poolKey } from './environment-pool.ts';
import { leastUseful } from './eviction.ts';
import { ArrivalHistories, keepAliveBounds } from './keep-alive.ts';
import { AheadStarts, type StartedAhead } from './start-ahead.ts';
import { Turns } from './turns.ts';
import { type PendingInvocation, WaitingLine } from './waiting-line.ts';

export interface SchedulerOptions {
  readonly services: EnvironmentServices;
  readonly machine: MachineLimits;
  /** Of one account and region, where the operator chose it: then it bounds requests per second, too. By default 1,000. */
  readonly accountConcurrency?: number | undefined;
}

/** One invocation to be run, with what admission needs to know. */
export interface ScheduledInvocation {
  readonly target: InvocationTarget;
  /** Σ of the target's account and region: reserved concurrency, and provisioned of functions without it. */
  readonly reservedTotal: number;
  readonly invocation: EnvironmentInvocation;
}

/** Admits invocations, gives each an environment, starts and closes environments as needed. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #pools = new Map<string, EnvironmentPool>();
  readonly #ledger = new ConcurrencyLedger();
  readonly #admission: Admission;
  readonly #arrivals: ArrivalHistories;
  /** Those who wait for room on the machine. */
  readonly #line: WaitingLine;
  /** Those who wait a moment for an environment that is about to ask for more. */
  readonly #graceLine: WaitingLine;
  readonly #closing = new Set<Promise<void>>();
  readonly #aheadStarts = new AheadStarts({
    services: () => this.#options.services,
    makeRoom: (pool) => mayStartAhead(this.#aheadUse(pool), this.#options.machine) && this.#makeRoom(pool),
    epoch: () => this.#epoch,
    forgetIfEmpty: (pool) => this.#forgetIfEmpty(pool),
  });
  #running = 0;
  #epoch = 0;
  #advancing = false;
  #whenIdle: (() => void) | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    const { clock, timings } = options.services;
    this.#admission = new Admission({
      clock,
      accountConcurrency: options.accountConcurrency ?? limits.accountConcurrency,
      boundsAccountRate: options.accountConcurrency !== undefined,
    });
    this.#arrivals = new ArrivalHistories({ ...keepAliveBounds, usualMs: timings.keepAliveMs });
    this.#line = new WaitingLine(options.services.clock);
    this.#graceLine = new WaitingLine(options.services.clock);
  }

  /** Live environments, for status and tests. */
  get environments(): readonly ExecutionEnvironment[] {
    return [...this.#pools.values()].flatMap((pool) => [...pool.environments]);
  }

  /** What is kept ready for whichever function comes next; absent where nothing is. */
  get genericPool(): GenericPoolStatus | undefined {
    return this.#options.services.pool?.status;
  }

  /** Whether a cold start is under way, which needs the machine more than what is made ahead of need. */
  get isStarting(): boolean {
    if (this.#line.length > 0) return true;
    for (const pool of this.#pools.values()) if (pool.isStarting) return true;
    return false;
  }

  /** Whether something that nobody waits for may take so much memory. */
  hasRoomToSpare(bytes: number): boolean {
    return hasRoomToSpare(this.#machineUse(undefined), { bytes, limits: this.#options.machine });
  }

  /** Runs one invocation. `caller` hears once; of a throttle as `TooManyRequestsException`. */
  invoke({ target, reservedTotal, invocation }: ScheduledInvocation, caller: Caller): void {
    if (this.#stopped) return caller.reject(awsError('ServiceException', 'The server is stopping.'));
    const pool = this.#poolOf(target.version, invocation.tenantId);
    const admitted = this.#admission.admit(pool, target, reservedTotal);
    if (typeof admitted === 'string') {
      this.#forgetIfEmpty(pool);
      return caller.reject(throttled(admitted));
    }
    this.#running++;
    const counted = new CountedCaller(caller, admitted, this.#settled);
    const pending = { pool, invocation, caller: counted, ahead: admitted === pool.loads.provisioned };
    if (pool.takesTurns) pool.turns.add(pending);
    else this.#place(pending, { mayWaitForFinishing: true });
  }

  /** The version with this deployment runs no more: its environments go as soon as they are idle. */
  retire(deploymentId: string): void {
    void this.#options.services.snapshots?.discard(deploymentId);
    for (const pool of this.#pools.values()) {
      if (pool.version.deploymentId !== deploymentId) continue;
      pool.retired = true;
      for (const environment of pool.environments) environment.retire();
      this.#forgetIfEmpty(pool);
    }
  }

  /**
   * Initialises an environment before any invocation, for provisioned concurrency. It counts against the machine's bounds,
   * neither expires nor makes room for others, and is used once it is released. `gone` is called once, whenever it ends.
   */
  startAhead(version: FunctionVersion, gone: GoneListener): Promise<StartedAhead> {
    if (this.#stopped) return Promise.resolve({ kind: 'failed', reason: 'The server is stopping.' });
    return this.#aheadStarts.start(this.#poolOf(version), gone);
  }

  /** Ends every environment at once; what runs in them fails. Resolves when nothing is left. */
  async reset(): Promise<void> {
    this.#epoch++;
    for (const { turns } of this.#pools.values()) {
      for (let pending = turns.take(); pending; pending = turns.take()) pending.caller.reject(wasReset());
    }
    for (const line of [this.#graceLine, this.#line]) {
      for (let pending = line.take(); pending; pending = line.take()) pending.caller.reject(wasReset());
    }
    for (const environment of this.environments) this.#closeEnvironment(environment);
    while (this.#closing.size > 0) await Promise.all(this.#closing);
    await this.#options.services.pool?.reset();
    await this.#options.services.snapshots?.clear();
  }

  /** Takes no more, lets what runs finish for a while, then ends everything. Idempotent. */
  close(): Promise<void> {
    this.#stopped ??= this.#drain().then(() => this.reset());
    return this.#stopped;
  }

  #drain(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#options.services.clock.setTimer(this.#options.machine.drainMs, resolve);
      this.#whenIdle = () => {
        cancel();
        resolve();
      };
    });
  }

  readonly #settled = (): void => {
    this.#running--;
    if (this.#running === 0) this.#whenIdle?.();
  };

  #poolOf(version: FunctionVersion, tenantId?: string): EnvironmentPool {
    const key = poolKey(version, tenantId);
    const known = this.#pools.get(key);
    if (known) return known;
    const { machine, services } = this.#options;
    const { clock } = services;
    const pool = new EnvironmentPool({
      version,
      tenantId,
      ofFunction: this.#ledger.ofFunction(version),
      unreserved: this.#ledger.unreservedOf(version),
      arrivals: this.#arrivals.of(key),
      turns: (of) => new Turns(clock, machine.turnPatienceMs, () => this.#endTurns(of)),
      observer: {
        available: (from) => this.#available(from),
        broken: (environment) => this.#closeEnvironment(environment),
        closing: (from) => this.#lost(from),
        closed: (from) => this.#forgetIfEmpty(from),
      },
    });
    this.#pools.set(key, pool);
    return pool;
  }

  // --- finding an environment

  #place(pending: PendingInvocation, options: { readonly mayWaitForFinishing: boolean }): void {
    const { pool } = pending;
    // Who has waited takes what there is.
    const idle = pool.takeIdle(pending.ahead || !options.mayWaitForFinishing);
    if (idle) return idle.invoke(pending.invocation, pending.caller);
    if (options.mayWaitForFinishing && pool.finishing(pending.ahead) > this.#graceLine.countFor(pool)) {
      const { finishingGraceMs } = this.#options.machine;
      return this.#graceLine.add(pending, finishingGraceMs, (late) =>
        this.#place(late, { mayWaitForFinishing: false }),
      );
    }
    this.#placeNew(pending);
  }

  /** Nobody had a turn for long: those who wait get environments of their own. */
  #endTurns(pool: EnvironmentPool): void {
    pool.window.forget();
    for (let next = pool.turns.take(); next; next = pool.turns.take()) {
      this.#place(next, { mayWaitForFinishing: true });
    }
  }

  #placeNew(pending: PendingInvocation): void {
    const { machine } = this.#options;
    const decision = decideCapacity(this.#machineUse(pending.pool), machine);
    if (decision === 'refuse') return this.#refuse(pending);
    // Who only waits for a busy one asks for no new environment.
    if (decision !== 'wait' && !this.#mayStart(pending.pool)) return this.#refuse(pending);
    this.#line.add(pending, machine.waitMs, (late) => late.caller.reject(noRoom()));
    this.#advanceLine();
  }

  #refuse({ pool, caller }: PendingInvocation): void {
    caller.reject(noRoom());
    this.#forgetIfEmpty(pool);
  }

  #mayStart(pool: EnvironmentPool): boolean {
    if (pool.tenantId !== undefined && !this.#admission.mayStartForTenant(this.#ofTenants(pool.version)))
      return false;
    return this.#admission.mayStart(pool);
  }

  /** Environments of isolated tenants in one account and region. */
  #ofTenants({ account, region }: FunctionVersion): number {
    let count = 0;
    for (const { version, tenantId, environments } of this.#pools.values()) {
      if (tenantId !== undefined && version.account === account && version.region === region)
        count += environments.size;
    }
    return count;
  }

  async #start({ pool, invocation, caller }: PendingInvocation): Promise<void> {
    const epoch = this.#epoch;
    pool.preparing++;
    invocation.phases?.end('queue');
    try {
      const prepared = await pool.prepare(this.#options.services);
      if (epoch !== this.#epoch) throw wasReset();
      const environment = pool.add(prepared, this.#options.services);
      environment.invoke(invocation, caller);
      if (pool.retired) environment.retire();
    } catch (error) {
      caller.reject(error);
    } finally {
      pool.preparing--;
      this.#forgetIfEmpty(pool);
    }
  }

  #machineUse(pool: EnvironmentPool | undefined): MachineUse {
    let [liveEnvironments, usedBytes, hasIdle] = [0, this.#options.services.pool?.usedBytes ?? 0, false];
    for (const other of this.#pools.values()) {
      liveEnvironments += other.environments.size + other.preparing;
      usedBytes += other.usedBytes;
      hasIdle ||= other.hasIdle;
    }
    return {
      liveEnvironments,
      usedBytes,
      hasIdle,
      neededBytes: pool?.neededBytes ?? 0,
      waiting: this.#line.length,
    };
  }

  #aheadUse(pool: EnvironmentPool): AheadUse {
    let [environments, usedBytes] = [0, 0];
    for (const { ahead, aheadBytes } of this.#pools.values()) {
      environments += ahead.all;
      usedBytes += aheadBytes;
    }
    return { environments, usedBytes, neededBytes: pool.neededBytes };
  }

  /** Closes the idle environment, of whichever function, that would be missed least. */
  #evict(): void {
    const nowMs = this.#options.services.clock.monotonicMs();
    const candidates = [...this.#pools.values()].flatMap((pool) => pool.evictionCandidate(nowMs) ?? []);
    const least = leastUseful(candidates);
    if (least) this.#closeEnvironment(least.environment);
  }

  #available(pool: EnvironmentPool): void {
    const turn = pool.turns.take();
    if (turn) return this.#place(turn, { mayWaitForFinishing: false });
    if (this.#graceLine.length + this.#line.length === 0) return;
    const pending = this.#graceLine.take(pool) ?? this.#line.take(pool);
    if (pending) this.#place(pending, { mayWaitForFinishing: false });
    else this.#advanceLine();
  }

  /** One environment less: whoever waited for it must look elsewhere, and there may be room for others. */
  #lost(pool: EnvironmentPool): void {
    const turn = pool.turns.take();
    if (turn) this.#place(turn, { mayWaitForFinishing: true });
    const pending = this.#graceLine.take(pool);
    if (pending) this.#place(pending, { mayWaitForFinishing: true });
    this.#advanceLine();
  }

  /** Room may have come free: starts what waits for it, in order. */
  #advanceLine(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    for (let next = this.#line.first; next && this.#makeRoom(next.pool); next = this.#line.first) {
      this.#line.take();
      void this.#start(next);
    }
    this.#advancing = false;
  }

  #makeRoom(pool: EnvironmentPool): boolean {
    const decide = (): CapacityDecision => decideCapacity(this.#machineUse(pool), this.#options.machine);
    let decision = decide();
    while (decision !== 'start' && this.#options.services.pool?.giveUpOne()) decision = decide();
    if (decision === 'evict') this.#evict();
    return decision === 'start' || decision === 'evict';
  }

  #closeEnvironment(environment: ExecutionEnvironment): void {
    const closing = environment.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  #forgetIfEmpty(pool: EnvironmentPool): void {
    const used =
      pool.environments.size > 0 ||
      pool.preparing > 0 ||
      this.#line.countFor(pool) + this.#graceLine.countFor(pool) + pool.turns.length > 0;
    if (used || this.#pools.get(pool.key) !== pool) return;
    pool.turns.close();
    this.#pools.delete(pool.key);
  }
}

function wasReset(): Error {
  return awsError('ServiceException', 'All execution environments were ended meanwhile.');
}

function noRoom(): Error {
  return throttled('ConcurrentInvocationLimitExceeded');
}
