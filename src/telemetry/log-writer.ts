import type { Scope } from '../model/index.ts';

/** Appends to one log stream. Synchronous and in memory; flushed in batches within 200 ms. */
export interface LogStreamWriter {
  /** One log event; `message` without its closing newline where it came from a line. */
  append(timestampMs: number, message: string): void;
}

export interface LogStreamName extends Scope {
  readonly group: string;
  readonly stream: string;
}

/** Where function output goes. Creates group and stream with the first event. */
export interface LogSink {
  openStream(name: LogStreamName): LogStreamWriter;
}
