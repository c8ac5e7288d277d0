import type { Clock } from '../../base/index.ts';
import type { FunctionVersion } from '../../model/index.ts';
import type { InitializationType } from '../../runtimes/index.ts';
import { type ReportFacts, runtimeVersionName } from '../../telemetry/index.ts';
import type { Verdict } from '../failures.ts';
import type { InvocationRun } from '../invocation-run.ts';

/** In which phase an Init runs: one of its own, or repeated inside an invocation. */
export type InitPhase = 'init' | 'invoke';

export interface InitKind {
  readonly initializationType: InitializationType;
  readonly phase: InitPhase;
}

/** Records of the Telemetry API (runtime.md, 3), each made only where somebody subscribed. */
export function initStartRecord(version: FunctionVersion, init: InitKind): object {
  return {
    ...init,
    functionName: version.name,
    functionVersion: version.version,
    runtimeVersion: runtimeVersionName(version.runtime),
    runtimeVersionArn: version.runtimeVersionArn,
  };
}

export function initRuntimeDoneRecord(init: InitKind, verdict: Verdict): object {
  return { ...init, ...verdict };
}

export function initReportRecord(init: InitKind, verdict: Verdict, durationMs: number): object {
  return { ...init, ...verdict, metrics: { durationMs: milliseconds(durationMs) } };
}

export function startRecord(version: FunctionVersion, run: InvocationRun): object {
  return { requestId: run.invocation.requestId, version: version.version, ...tracing(run) };
}

export function runtimeDoneRecord(run: InvocationRun, clock: Clock): object {
  const doneMs = run.runtimeDoneMs ?? run.endedMs;
  const durationMs = milliseconds(doneMs - run.startedMs);
  const produced = run.producedBytes === undefined ? {} : { producedBytes: run.producedBytes };
  return {
    requestId: run.invocation.requestId,
    ...run.verdict,
    metrics: { durationMs, ...produced },
    spans: runtimeSpans(run, doneMs, wallTimeOf(clock)),
    ...tracing(run),
  };
}

function runtimeSpans(run: InvocationRun, doneMs: number, wall: (at: number) => number): readonly object[] {
  const { startedMs, answeredMs } = run;
  if (answeredMs === undefined) return [];
  return [
    span('responseLatency', { from: startedMs, to: answeredMs, wall }),
    // The whole answer is there at once.
    span('responseDuration', { from: answeredMs, to: answeredMs, wall }),
    span('runtimeOverhead', { from: answeredMs, to: doneMs, wall }),
  ];
}

export function reportRecord(facts: ReportFacts, run: InvocationRun, clock: Clock): object {
  const { requestId, status, errorType } = facts;
  const from = run.runtimeDoneMs ?? run.endedMs;
  const overhead = span('extensionOverhead', { from, to: run.endedMs, wall: wallTimeOf(clock) });
  return {
    requestId,
    status,
    ...(errorType === undefined ? {} : { errorType }),
    metrics: {
      durationMs: milliseconds(facts.durationMs),
      billedDurationMs: facts.billedMs,
      memorySizeMB: facts.memoryMiB,
      maxMemoryUsedMB: facts.maxMemoryUsedMiB,
      ...(facts.initMs === undefined ? {} : { initDurationMs: milliseconds(facts.initMs) }),
    },
    spans: [overhead],
    ...tracing(run),
  };
}

/** Monotonic milliseconds as milliseconds since the epoch. */
function wallTimeOf(clock: Clock): (atMs: number) => number {
  const offset = clock.nowMs() - clock.monotonicMs();
  return (atMs) => offset + atMs;
}

interface SpanBounds {
  readonly from: number;
  readonly to: number;
  readonly wall: (atMs: number) => number;
}

function span(name: string, { from, to, wall }: SpanBounds): object {
  return { name, start: new Date(wall(from)).toISOString(), durationMs: milliseconds(to - from) };
}

function tracing({ traceHeader, trace }: InvocationRun): object {
  if (traceHeader === undefined) return {};
  const span = trace ? { spanId: trace.segmentId } : {};
  return { tracing: { ...span, type: 'X-Amzn-Trace-Id', value: traceHeader } };
}

function milliseconds(value: number): number {
  return Math.max(0, Math.round(value * 1_000) / 1_000);
}
