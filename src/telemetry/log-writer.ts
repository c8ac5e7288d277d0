import type { Scope } from '../model/index.ts';

/** Appends to one log stream. */
export interface LogStreamWriter {
  /**
   * One log event, in memory, durable within 200 ms; well under a microsecond. `message` comes without its closing
   * newline, which readers get to see all the same, as in CloudWatch. A time more than a minute from the clock's is moved to that distance. False when the log
   * store falls behind: the caller should read no more of its source until `LogSink.drained` resolves, so that the
   * function blocks in its write instead of the server running out of memory.
   */
  append(timestampMs: number, message: string): boolean;
}

export interface LogStreamName extends Scope {
  readonly group: string;
  readonly stream: string;
}

/** Where function output goes. Creates group and stream with the first event. */
export interface LogSink {
  openStream(name: LogStreamName): LogStreamWriter;
  /** Resolves once `append` takes more, at once if it does. */
  drained(): Promise<void>;
}
