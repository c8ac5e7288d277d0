import type { PhaseTimes } from '../base/index.ts';
import type { RuntimeInvocation } from '../runtime-api/index.ts';
import type { InvocationTrace } from '../tracing/index.ts';
import type { EnvironmentOutcome, Verdict } from './failures.ts';
import type { ResponseStream } from './response-stream/response-relay.ts';

/** One invocation, as an environment takes it. */
export interface EnvironmentInvocation {
  readonly requestId: string;
  readonly invokedFunctionArn: string;
  /** Raw event; empty means `{}`. */
  readonly payload: Uint8Array;
  readonly clientContext?: string | undefined;
  readonly traceHeader?: string | undefined;
  readonly tenantId?: string | undefined;
  readonly tail: boolean;
  /** Takes a streamed response while the function writes it; absent, the outcome has the whole of it. */
  readonly responseStream?: ResponseStream | undefined;
  /** Where the caller wants to know how long what took. */
  readonly phases?: PhaseTimes | undefined;
}

/** Whom the outcome goes to: called exactly once, either of the two. A function's own failure is an outcome. */
export interface Caller {
  resolve(outcome: EnvironmentOutcome): void;
  reject(error: unknown): void;
}

/** How long a restore took, and what of it is billed: the runtime's own part, with its hooks. */
export interface RestoreTimes {
  readonly durationMs: number;
  readonly billedMs: number;
}

/** What is known of the invocation that an environment is working on. Times are monotonic milliseconds. */
export class InvocationRun {
  readonly invocation: EnvironmentInvocation;
  readonly startedMs: number;
  /** Of an Init that this invocation waited for and that is not part of its duration. */
  readonly initMs: number | undefined;
  /** Of a restore from a snapshot that this invocation waited for. */
  readonly restore: RestoreTimes | undefined;
  endedMs = 0;
  /** Of interest to telemetry alone, and only known where somebody subscribed to it. */
  answeredMs: number | undefined;
  runtimeDoneMs: number | undefined;
  producedBytes: number | undefined;
  traceHeader: string | undefined;
  /** Only where the version is traced. */
  trace: InvocationTrace | undefined;
  verdict: Verdict = { status: 'success' };
  readonly #caller: Caller;
  #outcome: EnvironmentOutcome | undefined;
  #settled = false;

  constructor(
    invocation: EnvironmentInvocation,
    caller: Caller,
    start: { startedMs: number; initMs?: number; restore?: RestoreTimes },
  ) {
    this.invocation = invocation;
    this.#caller = caller;
    this.startedMs = start.startedMs;
    this.initMs = start.initMs;
    this.restore = start.restore;
  }

  /** The caller has its outcome. */
  get settled(): boolean {
    return this.#settled;
  }

  /** The first outcome counts: an answer, or what ended the process before there was one. */
  conclude(outcome: EnvironmentOutcome): void {
    this.#outcome ??= outcome;
  }

  /** Gives the caller the outcome; with `logTail`, the end of the log beside it. */
  settle(logTail?: Buffer): void {
    if (this.#settled || !this.#outcome) return;
    this.#settled = true;
    this.#caller.resolve(logTail ? { ...this.#outcome, logTail } : this.#outcome);
  }

  abandon(error: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#caller.reject(error);
  }
}

/** `uuid` is new for each attempt; the trace is made of it where there is none yet. */
export function toRuntimeInvocation(
  { invocation, trace }: Pick<InvocationRun, 'invocation' | 'trace'>,
  attempt: { readonly uuid: string; readonly nowMs: number; readonly deadlineMs: number },
): RuntimeInvocation {
  const { requestId, invokedFunctionArn, payload, clientContext, tenantId } = invocation;
  return {
    requestId,
    invocationId: attempt.uuid,
    deadlineMs: attempt.deadlineMs,
    invokedFunctionArn,
    traceHeader: trace?.header ?? invocation.traceHeader ?? newTraceHeader(attempt.uuid, attempt.nowMs),
    payload,
    clientContext,
    tenantId,
  };
}

/** Not sampled: nobody collects traces. The random digits of a UUID serve, drawing others would cost a system call. */
function newTraceHeader(uuid: string, nowMs: number): string {
  const digits = uuid.replaceAll('-', '');
  const seconds = Math.floor(nowMs / 1_000).toString(16);
  return `Root=1-${seconds}-${digits.slice(0, 24)};Parent=${digits.slice(16)};Sampled=0`;
}
