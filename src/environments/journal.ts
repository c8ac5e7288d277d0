import type { Readable } from 'node:stream';
import type { Clock } from '../base/index.ts';
import type { FunctionVersion } from '../model/index.ts';
import type { InitializationType } from '../runtimes/index.ts';
import {
  billedDurationMs,
  type ExtensionFacts,
  type PlatformLines,
  platformLines,
  type ReportFacts,
  type SubscriptionFacts,
  type TelemetryStream,
} from '../telemetry/index.ts';
import type { EnvironmentLog } from './environment-log.ts';
import { architectureNotice } from './foreign-architecture.ts';
import { EnvironmentTelemetry } from './extensions/environment-telemetry.ts';
import type { InitPhase } from './extensions/telemetry-records.ts';
import { type Failure, type Verdict, verdictOfFailure } from './failures.ts';
import type { InvocationRun } from './invocation-run.ts';

/** Why an Init did not end in Ready, and when. */
export interface InitFailure {
  readonly failure: Failure;
  readonly durationMs: number;
}

/** What the platform itself writes into an environment's log (runtime.md, 7), and tells extensions that asked for it. */
export class Journal {
  readonly #version: FunctionVersion;
  readonly #log: EnvironmentLog;
  readonly #clock: Clock;
  readonly #lines: PlatformLines;
  readonly #initializationType: InitializationType;
  #telemetry: EnvironmentTelemetry | undefined;

  constructor(
    version: FunctionVersion,
    log: EnvironmentLog,
    { clock, initializationType }: { readonly clock: Clock; readonly initializationType: InitializationType },
  ) {
    this.#version = version;
    this.#log = log;
    this.#clock = clock;
    this.#initializationType = initializationType;
    this.#lines = platformLines({ ...version, initializationType }, () => clock.nowMs());
  }

  /** Whether somebody is to be told of everything; nearly always not, once Init is over. */
  get telemetry(): EnvironmentTelemetry | undefined {
    return this.#telemetry;
  }

  beginTelemetry(stream: TelemetryStream, phase: InitPhase): void {
    this.#log.telemetry = stream;
    this.#telemetry = new EnvironmentTelemetry(stream, {
      version: this.#version,
      clock: this.#clock,
      init: { initializationType: this.#initializationType, phase },
    });
  }

  endTelemetry(): void {
    this.#log.telemetry = undefined;
    this.#telemetry = undefined;
  }

  followExtension(output: Readable): void {
    this.#log.followExtension(output);
  }

  extension(facts: ExtensionFacts): void {
    this.#telemetry?.extension(facts);
    this.#append(this.#lines.extension(facts), this.#clock.nowMs());
  }

  subscription(facts: SubscriptionFacts): void {
    this.#telemetry?.subscription(facts);
    this.#append(this.#lines.subscription(facts), this.#clock.nowMs());
  }

  initStart(): void {
    const nowMs = this.#clock.nowMs();
    this.#append(this.#lines.initStart(), nowMs);
    this.#append(architectureNotice(this.#version, nowMs), nowMs);
  }

  /** An Init that failed, or, without `failure`, went well; in the text format the latter is no line of the log. */
  initReport(
    phase: InitPhase,
    { failure, durationMs }: Omit<InitFailure, 'failure'> & { failure?: Failure },
  ): void {
    const verdict = failure ? initVerdictOf(failure) : { status: 'success' as const };
    this.#telemetry?.initReport(verdict, durationMs);
    this.#append(this.#lines.initRuntimeDone({ phase, ...verdict }), this.#clock.nowMs());
    this.#append(this.#lines.initReport({ phase, durationMs, ...verdict }), this.#clock.nowMs());
  }

  restoreStart(): void {
    this.#append(this.#lines.restoreStart(), this.#clock.nowMs());
  }

  /** Without a failure the restore went well. */
  restoreReport({ failure, durationMs }: Omit<InitFailure, 'failure'> & { failure?: Failure }): void {
    const verdict = failure ? initVerdictOf(failure) : { status: 'success' as const };
    this.#append(this.#lines.restoreReport({ durationMs, ...verdict }), this.#clock.nowMs());
  }

  start(run: InvocationRun): void {
    const { requestId, tail, tenantId } = run.invocation;
    if (tail) this.#log.startTail();
    const nowMs = this.#clock.nowMs();
    this.#telemetry?.start(run, nowMs);
    this.#append(this.#lines.start(requestId, nowMs, { tenantId, trace: run.trace }), nowMs);
  }

  /** END and REPORT, then the caller gets what it still waits for. */
  report(run: InvocationRun, peakBytes: number): void {
    const { requestId, tail } = run.invocation;
    const nowMs = this.#clock.nowMs();
    this.#log.flush();
    this.#append(this.#lines.end(requestId), nowMs);
    const facts = this.#reportFacts(run, peakBytes);
    this.#telemetry?.report(run, facts);
    this.#append(this.#lines.runtimeDone(facts, nowMs), nowMs);
    this.#append(this.#lines.report(facts, nowMs), nowMs);
    run.settle(tail ? this.#log.takeTail() : undefined);
  }

  /** An invocation that failed, while its extensions are still there to hear of it. */
  tellReport(run: InvocationRun, peakBytes: number): void {
    this.#telemetry?.fault(run);
    this.#telemetry?.report(run, this.#reportFacts(run, peakBytes));
  }

  #reportFacts(run: InvocationRun, peakBytes: number): ReportFacts {
    const { memoryMiB, timeoutMs } = this.#version;
    const durationMs = Math.min(run.endedMs - run.startedMs, timeoutMs);
    return {
      requestId: run.invocation.requestId,
      durationMs,
      billedMs: billedDurationMs(durationMs, run.initMs),
      memoryMiB,
      maxMemoryUsedMiB: Math.min(memoryMiB, Math.ceil(peakBytes / 1_048_576)),
      ...(run.initMs === undefined ? {} : { initMs: run.initMs }),
      ...(run.restore === undefined ? {} : { restore: run.restore }),
      ...run.verdict,
      ...(run.trace ? { trace: run.trace } : {}),
    };
  }

  #append(line: string | undefined, nowMs: number): void {
    if (line !== undefined) this.#log.append(nowMs, line);
  }
}

function initVerdictOf(failure: Failure): Verdict {
  const { status, errorType } = verdictOfFailure(failure);
  return {
    status: status === 'failure' ? 'error' : status,
    ...(errorType === undefined ? {} : { errorType }),
  };
}
