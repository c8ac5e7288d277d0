import type { Clock } from '../base/index.ts';
import type { FunctionVersion } from '../model/index.ts';
import type { InitializationType } from '../runtimes/index.ts';
import { billedDurationMs, type PlatformLines, platformLines } from '../telemetry/index.ts';
import type { EnvironmentLog } from './environment-log.ts';
import { type Failure, type Verdict, verdictOfFailure } from './failures.ts';
import type { InvocationRun } from './invocation-run.ts';

/** Why an Init did not end in Ready, and when. */
export interface InitFailure {
  readonly failure: Failure;
  readonly durationMs: number;
}

type InitEnd = Pick<InitFailure, 'durationMs'> & Partial<InitFailure>;

/** What the platform itself writes into an environment's log (runtime.md, 7). */
export class Journal {
  readonly #version: FunctionVersion;
  readonly #log: EnvironmentLog;
  readonly #clock: Clock;
  readonly #lines: PlatformLines;

  constructor(
    version: FunctionVersion,
    log: EnvironmentLog,
    { clock, initializationType }: { readonly clock: Clock; readonly initializationType: InitializationType },
  ) {
    this.#version = version;
    this.#log = log;
    this.#clock = clock;
    this.#lines = platformLines({ ...version, initializationType }, () => clock.nowMs());
  }

  initStart(): void {
    this.#append(this.#lines.initStart(), this.#clock.nowMs());
  }

  /** Without a failure the Init succeeded. */
  initReport(phase: 'init' | 'invoke', { failure, durationMs }: InitEnd): void {
    const { status, errorType }: Verdict = failure ? verdictOfFailure(failure) : { status: 'success' };
    const cause = errorType === undefined ? {} : { errorType };
    const reported = status === 'failure' ? 'error' : status;
    const line = this.#lines.initReport({ phase, status: reported, durationMs, ...cause });
    this.#append(line, this.#clock.nowMs());
  }

  start({ invocation }: InvocationRun): void {
    if (invocation.tail) this.#log.startTail();
    const nowMs = this.#clock.nowMs();
    this.#append(this.#lines.start(invocation.requestId, nowMs, invocation.tenantId), nowMs);
  }

  /** END and REPORT, then the caller gets what it still waits for. */
  report(run: InvocationRun, peakBytes: number): void {
    const { requestId, tail } = run.invocation;
    const nowMs = this.#clock.nowMs();
    this.#log.flush();
    this.#append(this.#lines.end(requestId), nowMs);
    this.#append(this.#reportLine(run, { peakBytes, nowMs }), nowMs);
    run.settle(tail ? this.#log.takeTail() : undefined);
  }

  #reportLine(run: InvocationRun, at: { peakBytes: number; nowMs: number }): string | undefined {
    const { memoryMiB, timeoutMs } = this.#version;
    const durationMs = Math.min(run.endedMs - run.startedMs, timeoutMs);
    const facts = {
      requestId: run.invocation.requestId,
      durationMs,
      billedMs: billedDurationMs(durationMs, run.initMs),
      memoryMiB,
      maxMemoryUsedMiB: Math.min(memoryMiB, Math.ceil(at.peakBytes / 1_048_576)),
      ...(run.initMs === undefined ? {} : { initMs: run.initMs }),
      ...run.verdict,
    };
    return this.#lines.report(facts, at.nowMs);
  }

  #append(line: string | undefined, nowMs: number): void {
    if (line !== undefined) this.#log.append(nowMs, line);
  }
}
