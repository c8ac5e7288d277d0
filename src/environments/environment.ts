import { Alarm, invariant } from '../base/index.ts';
import { AwsError, awsError, type FunctionVersion, limits, startsFromSnapshot } from '../model/index.ts';
import type { InitError, RuntimeAnswer, ShutdownReason } from '../runtime-api/index.ts';
import type { InitializationType } from '../runtimes/index.ts';
import type { SandboxExit } from '../sandbox/index.ts';
import { EnvironmentLog } from './environment-log.ts';
import {
  type ExtensionFailure,
  type Failure,
  outcomeOfAnswer,
  outcomeOfFailure,
  verdictOfAnswer,
  verdictOfFailure,
} from './failures.ts';
import { type EnvironmentTracing, tracingOf } from './tracing.ts';
import {
  type Caller,
  type EnvironmentInvocation,
  InvocationRun,
  toRuntimeInvocation,
} from './invocation-run.ts';
import { type InitFailure, Journal } from './journal.ts';
import { acceptsInvocation, type LifeEvent, type LifeState, nextLifeState } from './lifecycle.ts';
import { ResponseRelay, type ResponseStream } from './response-stream/response-relay.ts';
import { MissingEntrypoint, RuntimeProcess } from './runtime-process.ts';
import type { EnvironmentServices, PreparedVersion } from './services.ts';
import { noSnapshot, restoreError, type Snapshot } from './snapshots/index.ts';

/** A shorter pause teaches nothing about how long to wait for the next invocation. */
const WORTH_LEARNING_MS = 1_000;

/** Who schedules environments. Called synchronously. */
export interface EnvironmentOwner {
  /** Ready for the next invocation. */
  available(environment: ExecutionEnvironment): void;
  /** Takes no invocation any more. */
  closing(environment: ExecutionEnvironment): void;
  /** Nothing of it is left. */
  closed(environment: ExecutionEnvironment): void;
  /** How long an idle environment lives; absent means the services' own timing. */
  readonly keepAliveMs?: number;
  /** An invocation came after a pause that may be worth learning from. */
  resumed?(idleMs: number): void;
}

/**
 * One execution environment of one function version: a sandbox, its Runtime API session and a life cycle. Serves one
 * invocation at a time (runtime.md, 4).
 */
export class ExecutionEnvironment {
  readonly version: FunctionVersion;
  readonly #services: EnvironmentServices;
  readonly #prepared: PreparedVersion;
  readonly #owner: EnvironmentOwner;
  readonly #ahead: boolean;
  readonly #log: EnvironmentLog;
  readonly #journal: Journal;
  readonly #tracing: EnvironmentTracing | undefined;
  readonly #deadline: Alarm;
  readonly #freezing: Alarm;
  readonly #expiry: Alarm;
  #state: LifeState = 'new';
  #process: RuntimeProcess | undefined;
  #run: InvocationRun | undefined;
  readonly #madeMs: number;
  #initStartedMs = 0;
  #snapshot: Snapshot | undefined;
  #restoringMs = 0;
  #initDone: ((failure: InitFailure | undefined) => void) | undefined;
  #initError: InitError | undefined;
  #peakBytes = 0;
  #peakSampledMs = Number.NEGATIVE_INFINITY;
  #idleSinceMs = 0;
  #lastDurationMs = 0;
  #initMs = 0;
  #retired = false;
  #closing: Promise<void> | undefined;
  /** Why it ended, where that is for the caller to know. */
  #loss: AwsError | undefined;

  constructor(
    version: FunctionVersion,
    prepared: PreparedVersion,
    context: {
      readonly services: EnvironmentServices;
      readonly owner: EnvironmentOwner;
      /** Of provisioned concurrency: to be initialised before any invocation. */
      readonly ahead?: boolean;
    },
  ) {
    const { services, owner } = context;
    this.version = version;
    this.#prepared = prepared;
    this.#services = services;
    this.#owner = owner;
    this.#ahead = context.ahead ?? false;
    this.#madeMs = services.clock.monotonicMs();
    this.#log = new EnvironmentLog(version, {
      clock: services.clock,
      ids: services.ids,
      sink: services.logs,
    });
    this.#journal = new Journal(version, this.#log, {
      clock: services.clock,
      initializationType: this.#initializationType,
    });
    this.#tracing = tracingOf(version, services);
    this.#deadline = new Alarm(services.clock, () => this.#deadlinePassed());
    this.#freezing = new Alarm(services.clock, () => this.#freeze());
    this.#expiry = new Alarm(services.serviceClock, () => void this.close());
  }

  get state(): LifeState {
    return this.#state;
  }

  /** Highest memory use seen so far. */
  get memoryPeakBytes(): number {
    return this.#peakBytes;
  }

  /** How long its last invocation took. */
  get lastDurationMs(): number {
    return this.#lastDurationMs;
  }

  /** When its last invocation ended, on the monotonic clock. */
  get idleSinceMs(): number {
    return this.#idleSinceMs;
  }

  /** How long its last Init took; 0 before there was one. */
  get initMs(): number {
    return this.#initMs;
  }

  get #isClosed(): boolean {
    return this.#state === 'closed';
  }

  get #initializationType(): InitializationType {
    if (startsFromSnapshot(this.version)) return 'snap-start';
    return this.#ahead ? 'provisioned-concurrency' : 'on-demand';
  }

  /**
   * The Init phase ahead of any invocation, under the longer limit of provisioned concurrency and billed to none. The
   * environment becomes available with it, or is closed.
   */
  async initialize(): Promise<'ready' | 'init-failed' | 'closed'> {
    if (this.#state !== 'new') return 'closed';
    this.#journal.initStart();
    const { min, max } = limits.initAheadMs;
    const failed = await this.#initPhase(Math.min(max, Math.max(min, this.version.timeoutMs)));
    if (this.#isClosed) return 'closed';
    if (failed) {
      await this.close();
      return 'init-failed';
    }
    this.#rest();
    return this.#isClosed ? 'closed' : 'ready';
  }

  /** Runs one invocation. Only while `acceptsInvocation(state)`. */
  invoke(invocation: EnvironmentInvocation, caller: Caller): void {
    invariant(acceptsInvocation(this.#state), `an environment that is ${this.#state} takes no invocation`);
    invocation.phases?.end(this.#state === 'new' ? 'prepare' : 'queue');
    if (this.#state === 'new') void this.#firstInvoke(invocation, caller);
    else if (this.#state === 'reset') this.#initWithinInvoke(invocation, caller);
    else this.#resume(invocation, caller);
  }

  /** No further invocation will come: closes when idle, or as soon as the running one is over. */
  retire(): void {
    this.#retired = true;
    if (acceptsInvocation(this.#state)) void this.close();
  }

  /** Ends everything at once, a running invocation included. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  // --- warm path

  #resume(invocation: EnvironmentInvocation, caller: Caller): void {
    const startedMs = this.#services.clock.monotonicMs();
    const idleMs = startedMs - this.#idleSinceMs;
    if (idleMs >= WORTH_LEARNING_MS) this.#owner.resumed?.(idleMs);
    this.#begin(new InvocationRun(invocation, caller, { startedMs }));
  }

  #begin(run: InvocationRun): void {
    if (this.#state === 'frozen') this.#process?.sandbox?.thaw();
    this.#freezing.clear();
    this.#expiry.clear();
    this.#move('invoke');
    this.#run = run;
    this.#tracing?.begin(run);
    this.#deliver(run, this.version.timeoutMs);
    this.#journal.start(run);
  }

  /** The runtime works while this side goes on to its log. */
  #deliver(run: InvocationRun, leftMs: number): void {
    const nowMs = this.#services.clock.nowMs();
    const attempt = { uuid: this.#services.ids.uuid(), nowMs, deadlineMs: Math.round(nowMs + leftMs) };
    const { responseStream } = run.invocation;
    const relay = responseStream && this.#relay(responseStream, run);
    const invocation = toRuntimeInvocation(run, attempt);
    run.traceHeader = invocation.traceHeader;
    this.#process?.session.deliver(invocation, relay);
    this.#process?.extensions.invoked(invocation);
    this.#deadline.set(leftMs);
  }

  #relay(stream: ResponseStream, run: InvocationRun): ResponseRelay {
    const { clock, timings } = this.#services;
    const executedVersion = this.version.version;
    const isOver = (): boolean => run.settled;
    return new ResponseRelay(stream, { executedVersion, clock, bandwidth: timings.streamBandwidth, isOver });
  }

  #answered(answer: RuntimeAnswer): void {
    const run = this.#run;
    if (!run || this.#state !== 'invoking') return;
    this.#move('answer');
    run.invocation.phases?.end('invoke');
    run.verdict = verdictOfAnswer(answer);
    run.conclude(outcomeOfAnswer(answer));
    this.#journal.telemetry?.answered(run, answer);
    if (!run.invocation.tail) run.settle();
  }

  /** The runtime asks for more, or an extension does: the phase is over when all of them have. */
  #ready(): void {
    if (this.#process?.session.state !== 'Ready') return;
    this.#tellRuntimeDone();
    if (this.#process.extensions.busy) return;
    if (this.#state === 'initializing') return this.#initialized();
    if (this.#state !== 'finishing' || !this.#run) return;
    this.#run.endedMs = this.#services.clock.monotonicMs();
    this.#deadline.clear();
    // Whatever the function wrote before it answered lies in its pipes by now, and the event loop reads every
    // descriptor that is readable before it comes to its immediates: after one turn nothing of it is missing.
    setImmediate(() => this.#finish());
  }

  #tellRuntimeDone(): void {
    const telemetry = this.#journal.telemetry;
    if (!telemetry) return;
    if (this.#state === 'initializing') telemetry.runtimeInitialized();
    else if (this.#state === 'finishing' && this.#run) telemetry.runtimeDone(this.#run);
  }

  #finish(): void {
    const run = this.#run;
    if (!run || this.#state !== 'finishing') return;
    this.#samplePeak(run.invocation.tail);
    this.#move('finish');
    this.#report(run);
    this.#rest();
  }

  #report(run: InvocationRun): void {
    this.#run = undefined;
    this.#lastDurationMs = run.endedMs - run.startedMs;
    this.#journal.report(run, this.#peakBytes + (this.#snapshot?.memoryBytes ?? 0));
    this.#tracing?.end(run);
  }

  #rest(): void {
    this.#idleSinceMs = this.#services.clock.monotonicMs();
    const ageMs = this.#idleSinceMs - this.#madeMs;
    // After a failure a restored environment would have to run Init itself; the next one is restored instead.
    const spent = this.#state === 'reset' && this.#snapshot !== undefined;
    if (spent || this.#retired || ageMs >= this.#services.timings.lifetimeMs) return void this.close();
    const { lifetimeMs, keepAliveMs } = this.#services.timings;
    this.#expiry.set(this.#ahead ? lifetimeMs - ageMs : (this.#owner.keepAliveMs ?? keepAliveMs));
    if (this.#state === 'idle') this.#freezing.set(this.#services.timings.freezeAfterMs);
    this.#owner.available(this);
  }

  #freeze(): void {
    if (this.#state !== 'idle') return;
    if (this.#process?.extensions.mayFreeze() === false) {
      return this.#freezing.set(this.#services.timings.freezeAfterMs);
    }
    this.#process?.session.flush();
    this.#process?.sandbox?.freeze();
    this.#move('freeze');
  }

  // --- Restore

  #firstInvoke(invocation: EnvironmentInvocation, caller: Caller): Promise<void> {
    const { snapshots } = this.#services;
    return snapshots && startsFromSnapshot(this.version)
      ? this.#restoreThenInvoke(snapshots.of(this.version), { invocation, caller })
      : this.#initThenInvoke(invocation, caller);
  }

  /** The Restore phase, with its own limit; when it fails there is nothing to run the invocation in. */
  async #restoreThenInvoke(
    snapshot: Promise<Snapshot>,
    { invocation, caller }: { readonly invocation: EnvironmentInvocation; readonly caller: Caller },
  ): Promise<void> {
    try {
      this.#snapshot = await snapshot;
    } catch (error) {
      caller.reject(noSnapshot(error));
      return this.close();
    }
    if (this.#isClosed) return caller.reject(environmentLost());
    this.#journal.restoreStart();
    const failed = await this.#initPhase(this.#services.timings.forkMs);
    const startedMs = this.#services.clock.monotonicMs();
    const durationMs = startedMs - this.#initStartedMs;
    // What the hooks wrote stands before the START line.
    await new Promise((resolve) => void setImmediate(resolve));
    if (this.#isClosed) return caller.reject(environmentLost());
    if (failed) {
      caller.reject(restoreError(failed.failure));
      return this.close();
    }
    const billedMs = Math.max(1, Math.ceil(startedMs - this.#restoringMs));
    this.#begin(new InvocationRun(invocation, caller, { startedMs, restore: { durationMs, billedMs } }));
  }

  // --- Init

  /** The Init phase, with its own limit and without CPU bound; when it fails it is repeated within the invocation. */
  async #initThenInvoke(invocation: EnvironmentInvocation, caller: Caller): Promise<void> {
    this.#journal.initStart();
    const failed = await this.#initPhase(this.#services.timings.initMs);
    if (this.#state === 'closed') return caller.reject(this.#loss ?? environmentLost());
    if (!failed) {
      this.#process?.describeStart(invocation.phases);
      const startedMs = this.#services.clock.monotonicMs();
      return this.#begin(
        new InvocationRun(invocation, caller, { startedMs, initMs: startedMs - this.#initStartedMs }),
      );
    }
    this.#initWithinInvoke(invocation, caller);
  }

  #initPhase(limitMs: number): Promise<InitFailure | undefined> {
    return new Promise((resolve) => {
      this.#initDone = resolve;
      this.#startProcess();
      this.#deadline.set(limitMs);
    });
  }

  /** "Suppressed" Init: part of the invocation's duration, under the function's timeout. */
  #initWithinInvoke(invocation: EnvironmentInvocation, caller: Caller): void {
    this.#expiry.clear();
    this.#run = new InvocationRun(invocation, caller, { startedMs: this.#services.clock.monotonicMs() });
    this.#tracing?.begin(this.#run);
    this.#deadline.set(this.version.timeoutMs);
    this.#startProcess();
    this.#journal.start(this.#run);
  }

  #startProcess(): void {
    this.#move('start');
    this.#initError = undefined;
    this.#initStartedMs = this.#services.clock.monotonicMs();
    const previous = this.#process?.sandboxWithTmp;
    const process = new RuntimeProcess({
      version: this.version,
      services: this.#services,
      prepared: this.#prepared,
      log: this.#log,
      initializationType: this.#initializationType,
      journal: this.#journal,
      phase: this.#initDone ? 'init' : 'invoke',
      ...(this.#tracing ? { daemon: this.#tracing.daemon } : {}),
      observer: this.#observer,
      ...(previous ? { previous } : {}),
      ...(this.#snapshot ? { snapStart: { kind: 'restored', snapshot: this.#snapshot } } : {}),
    });
    this.#process = process;
    void this.#awaitStart(process);
  }

  async #awaitStart(process: RuntimeProcess): Promise<void> {
    try {
      await process.started;
    } catch (cause) {
      return this.#fail(
        cause instanceof MissingEntrypoint ? noEntrypoint(cause) : { kind: 'machine', cause },
      );
    }
    // The runtime may have been ready before the sandbox reported that it runs.
    if (this.#state === 'initializing') this.#ready();
  }

  #initialized(): void {
    const sandbox = this.#process?.sandbox;
    if (!sandbox) return;
    if (!this.#services.unboundedCpu) sandbox.limitCpu(this.version.memoryMiB / limits.memoryMiBPerVcpu);
    this.#initMs = this.#services.clock.monotonicMs() - this.#initStartedMs;
    this.#move('initialized');
    this.#endInit(undefined);
    if (this.#initDone) return this.#endInitPhase(undefined);
    const run = this.#run;
    invariant(run, 'an Init without its own phase belongs to an invocation');
    this.#process?.describeStart(run.invocation.phases);
    this.#move('invoke');
    this.#deliver(
      run,
      Math.max(0, run.startedMs + this.version.timeoutMs - this.#services.clock.monotonicMs()),
    );
  }

  /** Whether it has a phase of its own or is part of an invocation. */
  #endInit(failed: InitFailure | undefined): void {
    const phase = this.#initDone ? 'init' : 'invoke';
    this.#process?.extensions.initOver();
    const durationMs = this.#services.clock.monotonicMs() - this.#initStartedMs;
    if (this.#snapshot) this.#journal.restoreReport(failed ?? { durationMs });
    else this.#journal.initReport(phase, failed ?? { durationMs });
    this.#process?.extensions.endTelemetryOfInit();
  }

  #endInitPhase(failure: InitFailure | undefined): void {
    const done = this.#initDone;
    this.#initDone = undefined;
    this.#deadline.clear();
    done?.(failure);
  }

  // --- what the process does, and how it ends

  readonly #observer = {
    ready: (): void => this.#ready(),
    extensionReady: (): void => this.#ready(),
    extensionFailed: (failure: ExtensionFailure): void => {
      if (this.#state === 'idle' || this.#state === 'frozen') void this.close();
      else this.#fail(failure);
    },
    answered: (answer: RuntimeAnswer): void => this.#answered(answer),
    restoring: (): void => {
      this.#restoringMs = this.#services.clock.monotonicMs();
      if (this.#initDone) this.#deadline.set(this.#services.timings.initMs);
    },
    initFailed: (error: InitError): void => {
      this.#initError = error;
      this.#deadline.set(this.#services.timings.initErrorGraceMs);
    },
    exited: (exit: SandboxExit): void => {
      if (this.#state === 'idle' || this.#state === 'frozen') void this.close();
      else
        this.#fail(this.#initError ? { kind: 'init-error', error: this.#initError } : { kind: 'exit', exit });
    },
  };

  #deadlinePassed(): void {
    if (this.#initError) this.#fail({ kind: 'init-error', error: this.#initError });
    else this.#fail({ kind: this.#initDone ? 'init-timeout' : 'timeout' });
  }

  /** The first failure counts; a later one finds the environment ending already. */
  #fail(failure: Failure): void {
    if (nextLifeState(this.#state, 'fail') === undefined) return;
    const duringInit = this.#state === 'initializing';
    this.#move('fail');
    this.#deadline.clear();
    void this.#end(failure, duringInit);
  }

  async #end(failure: Failure, duringInit: boolean): Promise<void> {
    const endedMs = this.#services.clock.monotonicMs();
    const failed = { failure, durationMs: endedMs - this.#initStartedMs };
    const told = failure.kind === 'machine' || this.#process?.extensions.present === true;
    if (told) this.#tellBeforeShutdown(failed, { endedMs, duringInit });
    const stopped = this.#process ? await this.#process.stop(shutdownReasonOf(failure)) : true;
    if (this.#state !== 'ending') return;
    this.#samplePeak(true);
    this.#move('ended');
    if (duringInit && !told) this.#endInit(failed);
    if (failure.kind === 'machine' || !stopped) this.#giveUp(failure);
    else if (this.#initDone) this.#endInitPhase(failed);
    else this.#reportFailure(failure, endedMs);
  }

  /**
   * Extensions may take two seconds to end. They hear of the failure before, and the caller, where it asks for no log, is
   * not kept waiting.
   */
  #tellBeforeShutdown(
    failed: InitFailure,
    at: { readonly endedMs: number; readonly duringInit: boolean },
  ): void {
    const { failure } = failed;
    if (failure.kind === 'machine') return;
    if (at.duringInit) this.#endInit(failed);
    const run = this.#run;
    if (!run) return;
    this.#concludeFailed(run, failure, at.endedMs);
    if (this.#journal.telemetry) {
      this.#samplePeak(true);
      this.#journal.tellReport(run, this.#peakBytes);
    }
    if (!run.invocation.tail) run.settle();
  }

  #concludeFailed(run: InvocationRun, failure: Failure, endedMs: number): void {
    run.endedMs = endedMs;
    run.verdict = verdictOfFailure(failure);
    const { requestId } = run.invocation;
    run.conclude(outcomeOfFailure(failure, { requestId, timeoutMs: this.version.timeoutMs }));
  }

  #reportFailure(failure: Failure, endedMs: number): void {
    const run = this.#run;
    invariant(run, 'a failure after Init belongs to an invocation');
    this.#concludeFailed(run, failure, endedMs);
    this.#report(run);
    this.#rest();
  }

  /** The machine's fault, or a process that cannot be killed: nobody can use this environment again. */
  #giveUp(failure: Failure): void {
    const cause = failure.kind === 'machine' ? failure.cause : failure;
    if (cause instanceof AwsError) this.#loss = cause;
    this.#services.log.error({ cause, function: this.version.name }, 'an execution environment failed');
    void this.close();
  }

  async #close(): Promise<void> {
    this.#move('close');
    for (const alarm of [this.#deadline, this.#freezing, this.#expiry]) alarm.close();
    this.#owner.closing(this);
    this.#run?.abandon(this.#loss ?? environmentLost());
    this.#run = undefined;
    this.#endInitPhase(undefined);
    try {
      await this.#process?.destroy();
    } finally {
      this.#owner.closed(this);
    }
  }

  // --- small parts

  #move(event: LifeEvent): void {
    const to = nextLifeState(this.#state, event);
    invariant(to, `${event} must not happen to an environment that is ${this.#state}`);
    this.#state = to;
  }

  /** Reads files of the kernel, so not at every warm invocation. */
  #samplePeak(always: boolean): void {
    const nowMs = this.#services.clock.monotonicMs();
    if (!always && nowMs - this.#peakSampledMs < this.#services.timings.peakSampleMs) return;
    this.#peakSampledMs = nowMs;
    this.#peakBytes = Math.max(this.#peakBytes, this.#process?.sandbox?.usage().memoryPeakBytes ?? 0);
  }
}

function shutdownReasonOf(failure: Failure): ShutdownReason {
  return failure.kind === 'timeout' || failure.kind === 'init-timeout' ? 'TIMEOUT' : 'FAILURE';
}

function noEntrypoint({ fault }: MissingEntrypoint): Failure {
  return { kind: 'no-entrypoint', ...(fault ? { fault } : {}) };
}

function environmentLost(): Error {
  return awsError('ServiceException', 'The execution environment ended before the function did.');
}
