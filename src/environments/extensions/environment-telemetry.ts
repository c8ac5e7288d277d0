import type { Clock } from '../../base/index.ts';
import type { FunctionVersion } from '../../model/index.ts';
import type { RuntimeAnswer } from '../../runtime-api/index.ts';
import type {
  ExtensionFacts,
  ReportFacts,
  SubscriptionFacts,
  TelemetryEvent,
  TelemetryStream,
} from '../../telemetry/index.ts';
import type { Verdict } from '../failures.ts';
import type { InvocationRun } from '../invocation-run.ts';
import {
  type InitKind,
  initReportRecord,
  initRuntimeDoneRecord,
  initStartRecord,
  reportRecord,
  runtimeDoneRecord,
  startRecord,
} from './telemetry-records.ts';

interface TelemetryFacts {
  readonly version: FunctionVersion;
  readonly clock: Clock;
  readonly init: InitKind;
}

/** What happens in one environment, told to its subscribers in the order in which it does (runtime.md, 3). */
export class EnvironmentTelemetry {
  readonly #stream: TelemetryStream;
  readonly #facts: TelemetryFacts;
  #runtimeInitialized = false;
  /** The last invocation of which `runtimeDone` was told. */
  #told: InvocationRun | undefined;

  constructor(stream: TelemetryStream, facts: TelemetryFacts) {
    this.#stream = stream;
    this.#facts = facts;
    this.#publish('initStart', initStartRecord(facts.version, facts.init));
  }

  extension(facts: ExtensionFacts): void {
    this.#publish('extension', facts);
  }

  subscription({ api, name, types }: SubscriptionFacts): void {
    this.#publish(`${api}Subscription`, { name, state: 'Subscribed', types });
  }

  /** The runtime asked for work for the first time. */
  runtimeInitialized(verdict: Verdict = { status: 'success' }): void {
    if (this.#runtimeInitialized) return;
    this.#runtimeInitialized = true;
    this.#publish('initRuntimeDone', initRuntimeDoneRecord(this.#facts.init, verdict));
  }

  initReport(verdict: Verdict, durationMs: number): void {
    this.runtimeInitialized(verdict);
    this.#publish('initReport', initReportRecord(this.#facts.init, verdict, durationMs));
  }

  start(run: InvocationRun, nowMs: number): void {
    this.#stream.publish({
      timeMs: nowMs,
      type: 'platform.start',
      record: startRecord(this.#facts.version, run),
    });
  }

  /** Of a streamed response neither the size nor the time of its first byte is known here. */
  answered(run: InvocationRun, answer: RuntimeAnswer): void {
    if (answer.kind !== 'response' && answer.kind !== 'error') return;
    run.answeredMs = this.#facts.clock.monotonicMs();
    run.producedBytes = answer.payload.length;
  }

  /**
   * The runtime asked for more; extensions may still be busy. What it wrote before is in its pipes, which are read in this
   * turn of the event loop: it is told of in the next.
   */
  runtimeDone(run: InvocationRun): void {
    if (run.runtimeDoneMs !== undefined) return;
    run.runtimeDoneMs = this.#facts.clock.monotonicMs();
    setImmediate(() => this.#tellRuntimeDone(run));
  }

  #tellRuntimeDone(run: InvocationRun): void {
    if (this.#told === run) return;
    this.#told = run;
    this.#publish('runtimeDone', runtimeDoneRecord(run, this.#facts.clock));
  }

  /** The older API's word for an invocation that did not come to its end. */
  fault(run: InvocationRun): void {
    const { requestId } = run.invocation;
    const cause = run.verdict.status === 'timeout' ? 'Task timed out' : 'Process exited';
    this.#publish('fault', `RequestId: ${requestId} ${cause} before completing request`);
  }

  report(run: InvocationRun, facts: ReportFacts): void {
    this.#tellRuntimeDone(run);
    this.#publish('end', { requestId: facts.requestId });
    this.#publish('report', reportRecord(facts, run, this.#facts.clock));
  }

  #publish(name: string, record: TelemetryEvent['record']): void {
    this.#stream.publish({ timeMs: this.#facts.clock.nowMs(), type: `platform.${name}`, record });
  }
}
