import type { LogStreamName, LogStreamWriter } from '../log-writer.ts';

/** What becomes of an event: `pause` keeps it, and asks the caller to stop. */
export type Verdict = 'go-on' | 'pause' | 'drop';

/** Events of one stream, taken out together. */
export interface TakenEvents {
  readonly timestampsMs: readonly number[];
  readonly messages: readonly string[];
  /** What `admit` was told of them, in UTF-16 code units. */
  readonly units: number;
}

export interface StreamIds {
  readonly groupId: string;
  readonly streamId: string;
}

/** An event's weight beside its text: two array slots and the string's header. */
const unitsPerEvent = 32;

/** How far a runtime's own time stamp may be from the clock: it comes from the function's process. */
const maxSkewMs = 5_000;

/** The events of one stream that are not stored yet. */
export class StreamBuffer implements LogStreamWriter {
  readonly name: LogStreamName;
  /** Known once the stream is recorded. */
  ids: StreamIds | undefined;
  readonly #admit: (buffer: StreamBuffer, units: number) => Verdict;
  #timestampsMs: number[] = [];
  #messages: string[] = [];
  #units = 0;
  #dropped = 0;
  #firstMs = 0;

  constructor(name: LogStreamName, admit: (buffer: StreamBuffer, units: number) => Verdict) {
    this.name = name;
    this.#admit = admit;
  }

  append(timestampMs: number, message: string): boolean {
    const units = message.length + unitsPerEvent;
    const verdict = this.#admit(this, units);
    if (verdict === 'drop') {
      this.#dropped++;
      return false;
    }
    this.#timestampsMs.push(timestampMs);
    this.#messages.push(message);
    this.#units += units;
    return verdict === 'go-on';
  }

  /** What waits here, as `admit` was told. */
  get units(): number {
    return this.#units;
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  /** The time of the first event's arrival bounds what its time stamp may say. */
  startedAt(nowMs: number): void {
    this.#firstMs = nowMs;
  }

  /** Everything, with believable times in whole milliseconds and closing newlines, as CloudWatch shows lines. */
  take(nowMs: number): TakenEvents {
    const [earliestMs, latestMs] = [this.#firstMs - maxSkewMs, nowMs + maxSkewMs];
    const timestampsMs = this.#timestampsMs.map((timestampMs) => within(timestampMs, earliestMs, latestMs));
    const messages = this.#messages.map((message) => `${message}\n`);
    if (this.#dropped > 0) {
      timestampsMs.push(Math.floor(nowMs));
      messages.push(
        `Hearth dropped ${this.#dropped} log events here: they came faster than they could be stored.\n`,
      );
    }
    const units = this.#units;
    this.#timestampsMs = [];
    this.#messages = [];
    this.#units = 0;
    this.#dropped = 0;
    return { timestampsMs, messages, units };
  }
}

/** NaN becomes the latest. */
function within(value: number, least: number, most: number): number {
  return Math.floor(value < most ? Math.max(value, least, 0) : most);
}
