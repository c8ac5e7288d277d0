import type { LoggingSettings, LogLevelName } from '../model/index.ts';
import type { TelemetryApi, TelemetryType } from './stream/subscription.ts';
import { reachesLevel } from './log-level.ts';

export type PlatformStatus = 'success' | 'failure' | 'error' | 'timeout';

export interface InitReportFacts {
  /** `init`, or `invoke` where Init is repeated inside an invocation. */
  readonly phase: 'init' | 'invoke';
  readonly status: PlatformStatus;
  readonly durationMs: number;
  readonly errorType?: string;
}

export type InitRuntimeDoneFacts = Omit<InitReportFacts, 'durationMs'>;
export type RestoreReportFacts = Omit<InitReportFacts, 'phase'>;

/** What of an invocation's trace stands in the log. */
export interface TraceFacts {
  readonly traceId: string;
  readonly segmentId: string;
  readonly sampled: boolean;
  /** As the function has it in `_X_AMZN_TRACE_ID`. */
  readonly header: string;
}

/** What START says of some invocations only. */
export interface StartFacts {
  readonly tenantId?: string | undefined;
  readonly trace?: TraceFacts | undefined;
}

export interface ReportFacts {
  readonly requestId: string;
  readonly durationMs: number;
  readonly billedMs: number;
  readonly memoryMiB: number;
  readonly maxMemoryUsedMiB: number;
  /** Only for the first invocation after an Init of its own. */
  readonly initMs?: number;
  /** Only for the first invocation after a restore from a snapshot. */
  readonly restore?: { readonly durationMs: number; readonly billedMs: number };
  readonly status: PlatformStatus;
  readonly errorType?: string;
  /** Only where the version is traced. */
  readonly trace?: TraceFacts;
}

export type RuntimeDoneFacts = Pick<ReportFacts, 'requestId' | 'durationMs' | 'status' | 'errorType'>;

/**
 * Milliseconds to pay for: Duration and Init Duration together, rounded up, at least 1. Computed on hundredths, as they
 * are printed, so that a reader's sum agrees. (Init is billed for every on-demand function since August 2025.)
 */
export function billedDurationMs(durationMs: number, initDurationMs = 0): number {
  const hundredths = Math.round(durationMs * 100) + Math.round(initDurationMs * 100);
  return Math.max(1, Math.ceil(hundredths / 100));
}

/**
 * The platform's own lines in a function's log, one method per event, in the function's log format; undefined where the
 * format has no such line or the system log level hides it (developer guide, "Lambda log formats"; observed.md 113).
 */
export interface PlatformLines {
  initStart(): string | undefined;
  initRuntimeDone(facts: InitRuntimeDoneFacts): string | undefined;
  initReport(facts: InitReportFacts): string | undefined;
  restoreStart(): string | undefined;
  restoreReport(facts: RestoreReportFacts): string | undefined;
  start(requestId: string, timeMs: number, more?: StartFacts): string | undefined;
  runtimeDone(facts: RuntimeDoneFacts, timeMs: number): string | undefined;
  end(requestId: string): string | undefined;
  report(facts: ReportFacts, timeMs: number): string | undefined;
  extension(facts: ExtensionFacts): string | undefined;
  subscription(facts: SubscriptionFacts): string | undefined;
}

/** What became of one extension in Init. */
export interface ExtensionFacts {
  readonly name: string;
  /** `Ready`, or where it got to. */
  readonly state: string;
  readonly events: readonly string[];
  readonly errorType?: string;
}

export interface SubscriptionFacts {
  readonly api: TelemetryApi;
  /** Of the extension. */
  readonly name: string;
  readonly types: readonly TelemetryType[];
}

export interface LoggedFunction {
  readonly name: string;
  readonly version: string;
  /** `python3.12`, `provided.al2023`; empty for a container image, as the ARN is. */
  readonly runtime: string;
  readonly runtimeVersionArn: string;
  readonly logging: LoggingSettings;
  /** `on-demand` where absent. */
  readonly initializationType?: string;
}

export function platformLines(fn: LoggedFunction, nowMs: () => number): PlatformLines {
  return fn.logging.format === 'JSON' ? new JsonPlatformLines(fn, nowMs) : new TextPlatformLines(fn);
}

class TextPlatformLines implements PlatformLines {
  readonly #fn: LoggedFunction;

  constructor(fn: LoggedFunction) {
    this.#fn = fn;
  }

  initStart(): string | undefined {
    return this.#fn.runtime === '' ? undefined : `INIT_START ${this.#runtimeVersion()}`;
  }

  restoreStart(): string {
    return `RESTORE_START ${this.#runtimeVersion()}`;
  }

  restoreReport({ durationMs, status, errorType }: RestoreReportFacts): string {
    const failed = status === 'success' ? '' : `\tStatus: ${status}`;
    const cause = errorType === undefined ? '' : `\tError Type: ${errorType}`;
    return `RESTORE_REPORT Restore Duration: ${durationMs.toFixed(2)} ms${failed}${cause}`;
  }

  #runtimeVersion(): string {
    const { runtime, runtimeVersionArn } = this.#fn;
    return `Runtime Version: ${runtimeVersionName(runtime)}\tRuntime Version ARN: ${runtimeVersionArn}`;
  }

  initRuntimeDone(): undefined {
    return undefined;
  }

  runtimeDone(): undefined {
    return undefined;
  }

  initReport({ durationMs, phase, status, errorType }: InitReportFacts): string | undefined {
    // An Init that no invocation waits for stands in no REPORT, so it is always reported by itself.
    if (status === 'success' && isOnDemand(this.#fn)) return undefined;
    const cause = errorType === undefined ? '' : `\tError Type: ${errorType}`;
    return `INIT_REPORT Init Duration: ${durationMs.toFixed(2)} ms\tPhase: ${phase}\tStatus: ${status}${cause}`;
  }

  start(requestId: string): string {
    return `START RequestId: ${requestId} Version: ${this.#fn.version}`;
  }

  end(requestId: string): string {
    return `END RequestId: ${requestId}`;
  }

  report(facts: ReportFacts): string {
    const init = facts.initMs === undefined ? '' : `\tInit Duration: ${facts.initMs.toFixed(2)} ms`;
    return (
      `REPORT RequestId: ${facts.requestId}\tDuration: ${facts.durationMs.toFixed(2)} ms\t` +
      `Billed Duration: ${facts.billedMs} ms\tMemory Size: ${facts.memoryMiB} MB\t` +
      `Max Memory Used: ${facts.maxMemoryUsedMiB} MB${init}${restoreText(facts)}\t${reportStatus(facts)}${xrayLine(facts.trace)}`
    );
  }

  extension({ name, state, events, errorType }: ExtensionFacts): string {
    const cause = errorType === undefined ? '' : `\tError Type: ${errorType}`;
    return `EXTENSION\tName: ${name}\tState: ${state}\tEvents: [${events.join(', ')}]${cause}`;
  }

  subscription({ api, name, types }: SubscriptionFacts): string {
    const listed = types.map(capitalized).join(', ');
    return `${api.toUpperCase()}\tName: ${name}\tState: Subscribed\tTypes: [${listed}]`;
  }
}

function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

/** An exception of the handler is the function's own affair; the text names only what ended the environment. */
function reportStatus({ status, errorType }: ReportFacts): string {
  if (status === 'timeout') return 'Status: timeout';
  return status === 'failure' ? `Status: error\tError Type: ${errorType ?? 'Runtime.Unknown'}` : '';
}

function restoreText({ restore }: ReportFacts): string {
  if (restore === undefined) return '';
  return `\tRestore Duration: ${restore.durationMs.toFixed(2)} ms\tBilled Restore Duration: ${restore.billedMs} ms`;
}

function isOnDemand({ initializationType = 'on-demand' }: LoggedFunction): boolean {
  return initializationType === 'on-demand';
}

/** In the same event of the log as REPORT. */
function xrayLine(trace: TraceFacts | undefined): string {
  if (trace?.sampled !== true) return '';
  return `\nXRAY TraceId: ${trace.traceId}\tSegmentId: ${trace.segmentId}\tSampled: true\t`;
}

class JsonPlatformLines implements PlatformLines {
  readonly #fn: LoggedFunction;
  readonly #nowMs: () => number;
  readonly #threshold: LogLevelName;

  constructor(fn: LoggedFunction, nowMs: () => number) {
    this.#fn = fn;
    this.#nowMs = nowMs;
    this.#threshold = fn.logging.systemLevel ?? 'INFO';
  }

  initStart(): string | undefined {
    const { name, version, runtime, runtimeVersionArn } = this.#fn;
    const record = {
      initializationType: this.#fn.initializationType ?? 'on-demand',
      phase: this.#phase('init'),
      functionName: name,
      functionVersion: version,
      ...(runtime === '' ? {} : { runtimeVersion: runtimeVersionName(runtime), runtimeVersionArn }),
    };
    return this.#line('platform.initStart', 'INFO', record);
  }

  initRuntimeDone({ phase, status, errorType }: InitRuntimeDoneFacts): string | undefined {
    const cause = errorType === undefined ? {} : { errorType };
    const record = {
      initializationType: this.#fn.initializationType ?? 'on-demand',
      phase,
      status,
      ...cause,
    };
    return this.#line('platform.initRuntimeDone', detailLevel(status), record);
  }

  initReport({ phase, status, durationMs, errorType }: InitReportFacts): string | undefined {
    const level = detailLevel(status);
    const metrics = { durationMs: milliseconds(durationMs) };
    return this.#line('platform.initReport', level, {
      initializationType: this.#fn.initializationType ?? 'on-demand',
      phase: this.#phase(phase),
      status,
      ...(errorType === undefined ? {} : { errorType }),
      metrics,
    });
  }

  restoreStart(): string | undefined {
    const { name, version, runtime, runtimeVersionArn } = this.#fn;
    return this.#line('platform.restoreStart', 'INFO', {
      functionName: name,
      functionVersion: version,
      runtimeVersion: runtimeVersionName(runtime),
      runtimeVersionArn,
    });
  }

  restoreReport({ durationMs, status, errorType }: RestoreReportFacts): string | undefined {
    const cause = errorType === undefined ? {} : { errorType };
    const metrics = { durationMs: milliseconds(durationMs) };
    return this.#line('platform.restoreReport', status === 'success' ? 'INFO' : 'WARN', {
      status,
      ...cause,
      metrics,
    });
  }

  start(requestId: string, timeMs: number, { tenantId, trace }: StartFacts = {}): string | undefined {
    const tenant = tenantId === undefined ? {} : { tenantId };
    const record = { requestId, version: this.#fn.version, ...tenant, ...tracingMember(trace) };
    return this.#line('platform.start', 'INFO', record, timeMs);
  }

  /** At the default level this is nothing for an invocation that went well, of which there are most. */
  runtimeDone(facts: RuntimeDoneFacts, timeMs: number): string | undefined {
    const { requestId, status, errorType, durationMs } = facts;
    const level = detailLevel(status);
    if (!reachesLevel(level, this.#threshold)) return undefined;
    const cause = errorType === undefined ? {} : { errorType };
    const metrics = { durationMs: milliseconds(durationMs) };
    return this.#line('platform.runtimeDone', level, { requestId, status, ...cause, metrics }, timeMs);
  }

  end(): undefined {
    return undefined;
  }

  report(facts: ReportFacts, timeMs: number): string | undefined {
    const metrics = {
      durationMs: milliseconds(facts.durationMs),
      billedDurationMs: facts.billedMs,
      memorySizeMB: facts.memoryMiB,
      maxMemoryUsedMB: facts.maxMemoryUsedMiB,
      ...(facts.initMs === undefined ? {} : { initDurationMs: milliseconds(facts.initMs) }),
      ...(facts.restore === undefined
        ? {}
        : {
            restoreDurationMs: milliseconds(facts.restore.durationMs),
            billedRestoreDurationMs: facts.restore.billedMs,
          }),
    };
    const { requestId, status, errorType } = facts;
    const cause = errorType === undefined ? {} : { errorType };
    return this.#line(
      'platform.report',
      status === 'success' ? 'INFO' : 'WARN',
      { requestId, metrics, status, ...cause, ...tracingMember(facts.trace) },
      timeMs,
    );
  }

  extension(facts: ExtensionFacts): string | undefined {
    const level = facts.errorType === undefined ? 'INFO' : 'WARN';
    return this.#line('platform.extension', level, facts);
  }

  subscription({ api, name, types }: SubscriptionFacts): string | undefined {
    return this.#line(`platform.${api}Subscription`, 'INFO', { name, state: 'Subscribed', types });
  }

  #phase(phase: InitReportFacts['phase']): string {
    return this.#fn.initializationType === 'snap-start' ? 'snap-start' : phase;
  }

  #line(type: string, level: LogLevelName, record: object, timeMs = this.#nowMs()): string | undefined {
    if (!reachesLevel(level, this.#threshold)) return undefined;
    return JSON.stringify({ time: new Date(timeMs).toISOString(), type, record });
  }
}

/** Of what tells more than most want to know, unless something went wrong. */
function detailLevel(status: PlatformStatus): LogLevelName {
  return status === 'success' ? 'DEBUG' : 'WARN';
}

function tracingMember(trace: TraceFacts | undefined): object {
  if (!trace) return {};
  return { tracing: { spanId: trace.segmentId, type: 'X-Amzn-Trace-Id', value: trace.header } };
}

function milliseconds(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

/** `python3.12` is `python:3.12.v1`: Hearth keeps one build of each runtime, so the build number is always 1. */
export function runtimeVersionName(runtime: string): string {
  const [, language = runtime, version = ''] = /^([a-z]+)\.?(.*?)(?:\.x)?$/.exec(runtime) ?? [];
  return `${language}:${version}.v1`;
}
