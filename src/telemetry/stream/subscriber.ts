import { Alarm, type Clock } from '../../base/index.ts';
import { type ConnectInside, openSender, type TelemetrySender } from './destination.ts';
import type { TelemetrySubscription } from './subscription.ts';
import { isWanted, renderEvent, type TelemetryEvent } from './telemetry-event.ts';

/**
 * What waits for one subscriber, at most: two batches, one of which may be on its way, as AWS says of its payloads.
 * Whatever comes beyond is dropped and counted.
 */
const BATCHES_HELD = 2;

const RETRY_MS = { first: 50, most: 2_000 };

/** The text that AWS gives with `platform.logsDropped`. */
const DROP_REASON = 'Consumer seems to have fallen behind as it has not acknowledged receipt of logs.';

interface SubscriberOptions {
  readonly subscription: TelemetrySubscription;
  readonly connect: ConnectInside;
  readonly clock: Clock;
  readonly jsonLogs: boolean;
}

/** The events of one subscription on their way: in batches, in order, tried again until they arrive. */
export class TelemetrySubscriber {
  readonly subscription: TelemetrySubscription;
  readonly #clock: Clock;
  readonly #jsonLogs: boolean;
  readonly #sender: TelemetrySender;
  readonly #due: Alarm;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #sending: string[] = [];
  #sendingBytes = 0;
  #active = false;
  #retryMs = RETRY_MS.first;
  #dropped = { records: 0, bytes: 0 };
  #paused = false;
  #closed = false;
  #settled = Promise.withResolvers<void>();

  constructor({ subscription, connect, clock, jsonLogs }: SubscriberOptions) {
    this.#jsonLogs = jsonLogs;
    this.subscription = subscription;
    this.#clock = clock;
    this.#sender = openSender({ destination: subscription.destination, connect, clock });
    this.#due = new Alarm(clock, () => this.#send());
  }

  /** A batch is on its way. */
  get active(): boolean {
    return this.#active;
  }

  take(event: TelemetryEvent): void {
    if (this.#closed || !isWanted(event, this.subscription)) return;
    this.#push(event);
    const { maxItems, maxBytes, timeoutMs } = this.subscription;
    if (this.#sending.length > 0) return;
    if (this.#waiting.length >= maxItems || this.#waitingBytes >= maxBytes) this.#send();
    else if (this.#waiting.length === 1) this.#due.set(timeoutMs);
  }

  #push(event: TelemetryEvent): void {
    const text = renderEvent(event, this.subscription, this.#jsonLogs);
    const bytes = Buffer.byteLength(text);
    const { maxItems, maxBytes } = this.subscription;
    const held = this.#waiting.length + this.#sending.length;
    const heldBytes = this.#waitingBytes + this.#sendingBytes;
    if (held >= BATCHES_HELD * maxItems || heldBytes + bytes > BATCHES_HELD * maxBytes) {
      this.#dropped = { records: this.#dropped.records + 1, bytes: this.#dropped.bytes + bytes };
      return;
    }
    this.#waiting.push(text);
    this.#waitingBytes += bytes;
  }

  /** Sends what waits, however little; resolves when it arrived, or a try failed. */
  flush(): Promise<void> {
    if (this.#waiting.length === 0 && this.#sending.length === 0) return Promise.resolve();
    this.#settled = Promise.withResolvers();
    const { promise } = this.#settled;
    this.#send();
    return promise;
  }

  /** A frozen destination cannot answer: nothing is tried until `resume`. */
  pause(): void {
    this.#paused = true;
    this.#due.clear();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#waiting.length > 0 || this.#sending.length > 0) this.#due.set(this.subscription.timeoutMs);
  }

  close(): void {
    this.#closed = true;
    this.#due.close();
    this.#sender.close();
    this.#settled.resolve();
  }

  #send(): void {
    if (this.#active || this.#paused || this.#closed) return;
    this.#due.clear();
    if (this.#sending.length === 0) this.#nextBatch();
    if (this.#sending.length === 0) return this.#settled.resolve();
    this.#active = true;
    this.#sender.send(this.#sending).then(
      () => this.#arrived(),
      () => this.#failed(),
    );
  }

  #nextBatch(): void {
    this.#sending = this.#waiting;
    this.#sendingBytes = this.#waitingBytes;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #arrived(): void {
    this.#active = false;
    this.#retryMs = RETRY_MS.first;
    this.#sending = [];
    this.#sendingBytes = 0;
    this.#reportDropped();
    if (this.#waiting.length === 0) this.#settled.resolve();
    else this.#send();
  }

  #failed(): void {
    this.#active = false;
    this.#settled.resolve();
    if (this.#closed || this.#paused) return;
    this.#due.set(this.#retryMs);
    this.#retryMs = Math.min(RETRY_MS.most, this.#retryMs * 2);
  }

  #reportDropped(): void {
    const { records, bytes } = this.#dropped;
    if (records === 0) return;
    this.#dropped = { records: 0, bytes: 0 };
    const record = { droppedBytes: bytes, droppedRecords: records, reason: DROP_REASON };
    this.#push({ timeMs: this.#clock.nowMs(), type: 'platform.logsDropped', record });
  }
}
