import {
  type Caller,
  type EnvironmentInvocation,
  type EnvironmentServices,
  ExecutionEnvironment,
} from '../environments/index.ts';
import type { InvocationTarget } from '../functions/index.ts';
import { awsError, type FunctionVersion, limits } from '../model/index.ts';
import { decideAdmission, throttled } from './admission.ts';
import { decideCapacity, type MachineLimits, type MachineUse } from './capacity.ts';
import { ConcurrencyLedger, CountedCaller } from './concurrency.ts';
import { EnvironmentPool } from './environment-pool.ts';
import { Turns } from './turns.ts';
import { type PendingInvocation, WaitingLine } from './waiting-line.ts';

export interface SchedulerOptions {
  readonly services: EnvironmentServices;
  readonly machine: MachineLimits;
  /** Of one account and region; AWS's default is 1,000. */
  readonly accountConcurrency?: number;
}

/** One invocation to be run, with what admission needs to know. */
export interface ScheduledInvocation {
  readonly target: InvocationTarget;
  /** Σ reserved concurrency of the target's account and region. */
  readonly reservedTotal: number;
  readonly invocation: EnvironmentInvocation;
}

/** Admits invocations, gives each an environment, starts and closes environments as needed. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #pools = new Map<string, EnvironmentPool>();
  readonly #ledger = new ConcurrencyLedger();
  /** Those who wait for room on the machine. */
  readonly #line: WaitingLine;
  /** Those who wait a moment for an environment that is about to ask for more. */
  readonly #graceLine: WaitingLine;
  readonly #closing = new Set<Promise<void>>();
  #running = 0;
  #epoch = 0;
  #advancing = false;
  #whenIdle: (() => void) | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#line = new WaitingLine(options.services.clock);
    this.#graceLine = new WaitingLine(options.services.clock);
  }

  /** Live environments, for status and tests. */
  get environments(): readonly ExecutionEnvironment[] {
    return [...this.#pools.values()].flatMap((pool) => [...pool.environments]);
  }

  /** Runs one invocation. `caller` hears once; of a throttle as `TooManyRequestsException`. */
  invoke({ target, reservedTotal, invocation }: ScheduledInvocation, caller: Caller): void {
    if (this.#stopped) return caller.reject(awsError('ServiceException', 'The server is stopping.'));
    const { version, reservedConcurrency } = target;
    const pool = this.#poolOf(version);
    const { ofFunction, unreserved } = pool.loads;
    const refusal = decideAdmission({
      functionInFlight: ofFunction.inFlight,
      unreservedInFlight: unreserved.inFlight,
      reserved: reservedConcurrency,
      reservedTotal,
      accountConcurrency: this.#options.accountConcurrency ?? limits.accountConcurrency,
    });
    if (refusal) {
      this.#forgetIfEmpty(pool);
      return caller.reject(throttled(refusal));
    }
    this.#running++;
    const loads = reservedConcurrency === undefined ? [ofFunction, unreserved] : [ofFunction];
    const counted = new CountedCaller(caller, loads, this.#settled);
    const pending = { pool, invocation, caller: counted };
    if (pool.takesTurns) pool.turns.add(pending);
    else this.#place(pending, { mayWaitForFinishing: true });
  }

  /** The version with this deployment runs no more: its environments go as soon as they are idle. */
  retire(deploymentId: string): void {
    const pool = this.#pools.get(deploymentId);
    if (!pool) return;
    pool.retired = true;
    for (const environment of pool.environments) environment.retire();
    this.#forgetIfEmpty(pool);
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

  #poolOf(version: FunctionVersion): EnvironmentPool {
    const known = this.#pools.get(version.deploymentId);
    if (known) return known;
    const loads = {
      ofFunction: this.#ledger.ofFunction(version),
      unreserved: this.#ledger.unreservedOf(version),
    };
    const turns = (of: EnvironmentPool): Turns =>
      new Turns(this.#options.services.clock, this.#options.machine.turnPatienceMs, () => this.#endTurns(of));
    const pool = new EnvironmentPool(
      version,
      { loads, turns },
      {
        available: (from) => this.#available(from),
        closing: (from) => this.#lost(from),
        closed: (from) => this.#forgetIfEmpty(from),
      },
    );
    this.#pools.set(version.deploymentId, pool);
    return pool;
  }

  // --- finding an environment

  #place(pending: PendingInvocation, options: { readonly mayWaitForFinishing: boolean }): void {
    const { pool } = pending;
    const idle = pool.takeIdle();
    if (idle) return idle.invoke(pending.invocation, pending.caller);
    if (options.mayWaitForFinishing && pool.finishing > this.#graceLine.countFor(pool)) {
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
    if (decision === 'refuse') return pending.caller.reject(noRoom());
    this.#line.add(pending, machine.waitMs, (late) => late.caller.reject(noRoom()));
    this.#advanceLine();
  }

  async #start({ pool, invocation, caller }: PendingInvocation): Promise<void> {
    const epoch = this.#epoch;
    pool.preparing++;
    try {
      const prepared = await pool.prepare(this.#options.services);
      if (epoch !== this.#epoch) throw wasReset();
      this.#run(
        pool,
        new ExecutionEnvironment(pool.version, prepared, { services: this.#options.services, owner: pool }),
        {
          invocation,
          caller,
        },
      );
    } catch (error) {
      caller.reject(error);
    } finally {
      pool.preparing--;
      this.#forgetIfEmpty(pool);
    }
  }

  #run(pool: EnvironmentPool, environment: ExecutionEnvironment, job: Omit<PendingInvocation, 'pool'>): void {
    pool.environments.add(environment);
    environment.invoke(job.invocation, job.caller);
    if (pool.retired) environment.retire();
  }

  #machineUse(pool: EnvironmentPool): MachineUse {
    let [liveEnvironments, usedBytes, hasIdle] = [0, 0, false];
    for (const other of this.#pools.values()) {
      liveEnvironments += other.environments.size + other.preparing;
      usedBytes += other.usedBytes;
      hasIdle ||= other.hasIdle;
    }
    return {
      liveEnvironments,
      usedBytes,
      hasIdle,
      neededBytes: pool.neededBytes,
      waiting: this.#line.length,
    };
  }

  /** Closes the environment, of whichever function, that has been idle for longest. */
  #evict(): void {
    let oldest: ExecutionEnvironment | undefined;
    for (const { leastRecentlyUsed } of this.#pools.values()) {
      if (leastRecentlyUsed && leastRecentlyUsed.idleSinceMs < (oldest?.idleSinceMs ?? Infinity)) {
        oldest = leastRecentlyUsed;
      }
    }
    if (oldest) this.#closeEnvironment(oldest);
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
    const decision = decideCapacity(this.#machineUse(pool), this.#options.machine);
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
    if (used || this.#pools.get(pool.version.deploymentId) !== pool) return;
    pool.turns.close();
    this.#pools.delete(pool.version.deploymentId);
  }
}

function wasReset(): Error {
  return awsError('ServiceException', 'All execution environments were ended meanwhile.');
}

function noRoom(): Error {
  return throttled('ConcurrentInvocationLimitExceeded');
}
