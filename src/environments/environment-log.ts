import type { Readable } from 'node:stream';
import type { Clock, Ids } from '../base/index.ts';
import type { FunctionVersion, LogLevelName } from '../model/index.ts';
import {
  applicationLevelOf,
  LineSplitter,
  type LogFrame,
  LogFrameParser,
  type LogSink,
  type LogStreamWriter,
  reachesLevel,
  TailBuffer,
  type TelemetryStream,
} from '../telemetry/index.ts';

/** `YYYY/MM/DD/[version]hex`, as AWS names it; in a log group of the user's own the function's name comes first. */
export function logStreamName(version: FunctionVersion, nowMs: number, ids: Ids): string {
  const day = new Date(nowMs).toISOString().slice(0, 10).replaceAll('-', '/');
  const shared = version.logging.logGroup !== `/aws/lambda/${version.name}`;
  return `${day}/${shared ? version.name : ''}[${version.version}]${ids.hex(32)}`;
}

interface ProcessOutput {
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly log: Readable;
}

/** The log stream of one environment: what its processes write, and the platform's lines between. */
export class EnvironmentLog {
  readonly streamName: string;
  /** Who else is told of every line; nearly always nobody. */
  telemetry: TelemetryStream | undefined;
  readonly #clock: Clock;
  readonly #sink: LogSink;
  readonly #writer: LogStreamWriter;
  /** Of an application's line; only in the JSON format. */
  readonly #threshold: LogLevelName | undefined;
  #consumers: Consumer[] = [];
  #outputs: readonly Readable[] = [];
  #tail: TailBuffer | undefined;
  #paused = false;
  #lastMs = 0;

  constructor(
    version: FunctionVersion,
    deps: { readonly clock: Clock; readonly ids: Ids; readonly sink: LogSink },
  ) {
    this.#clock = deps.clock;
    this.#sink = deps.sink;
    this.#threshold = version.logging.format === 'JSON' ? version.logging.applicationLevel : undefined;
    this.streamName = logStreamName(version, deps.clock.nowMs(), deps.ids);
    this.#writer = deps.sink.openStream({
      account: version.account,
      region: version.region,
      group: version.logging.logGroup,
      stream: this.streamName,
    });
  }

  /**
   * Readers sort by time, so time never goes back here: what a function says of its own line's counts as far as it lies
   * between the event before and now. START is stamped after the runtime, on another core, may have written.
   */
  append(timestampMs: number, message: string): void {
    const takesMore = this.#writer.append(this.#moveTime(timestampMs), message);
    this.#tail?.append(message);
    if (!takesMore) void this.#pause();
  }

  #moveTime(timestampMs: number): number {
    const sane = Math.min(Math.floor(timestampMs), this.#clock.nowMs());
    this.#lastMs = Math.max(this.#lastMs, sane);
    return this.#lastMs;
  }

  /** Reads the output of one process until its end. */
  follow(output: ProcessOutput): void {
    const line = (text: string): void => this.#application(this.#clock.nowMs(), text, undefined);
    const [out, err, stray] = [new LineSplitter(line), new LineSplitter(line), new LineSplitter(line)];
    const frames = new LogFrameParser(
      (frame) => this.#frame(frame),
      (bytes) => stray.push(bytes),
    );
    this.#outputs = [output.stdout, output.stderr, output.log];
    this.#consumers = [out, err, stray];
    pump(output.stdout, out);
    pump(output.stderr, err);
    pump(output.log, { push: (chunk) => frames.push(chunk), flush: () => (frames.flush(), stray.flush()) });
  }

  /** Reads what one extension writes until its end. Called after `follow`. */
  followExtension(output: Readable): void {
    const lines = new LineSplitter((text) => {
      const nowMs = this.#clock.nowMs();
      this.telemetry?.publish({ timeMs: nowMs, type: 'extension', record: text });
      this.append(nowMs, text);
    });
    this.#outputs = [...this.#outputs, output];
    this.#consumers = [...this.#consumers, lines];
    pump(output, lines);
  }

  /** Writes out what has no end of line yet; at the end of an invocation it will not come. */
  flush(): void {
    for (const consumer of this.#consumers) consumer.flush();
  }

  /** From here on the last 4 KB are kept for `takeTail`. */
  startTail(): void {
    this.#tail = new TailBuffer();
  }

  takeTail(): Buffer {
    const bytes = this.#tail?.bytes() ?? Buffer.alloc(0);
    this.#tail = undefined;
    return bytes;
  }

  #frame({ timestampMs, level, message }: LogFrame): void {
    this.#application(timestampMs, message.endsWith('\n') ? message.slice(0, -1) : message, level);
  }

  #application(timestampMs: number, message: string, level: LogLevelName | undefined): void {
    const threshold = this.#threshold;
    if (threshold !== undefined && !reachesLevel(level ?? applicationLevelOf(message), threshold)) return;
    if (this.telemetry) {
      const timeMs = this.#moveTime(timestampMs);
      this.telemetry.publish({ timeMs, type: 'function', record: message });
    }
    this.append(timestampMs, message);
  }

  /** The log store is behind: the function blocks in its writes until there is room. */
  async #pause(): Promise<void> {
    const streams = this.#outputs;
    if (this.#paused || streams.length === 0) return;
    this.#paused = true;
    for (const stream of streams) stream.pause();
    await this.#sink.drained();
    this.#paused = false;
    for (const stream of streams) stream.resume();
  }
}

interface Consumer {
  push(chunk: Buffer): void;
  flush(): void;
}

function pump(from: Readable, to: Consumer): void {
  from.on('data', (chunk: Buffer) => to.push(chunk));
  from.on('end', () => to.flush());
  from.on('error', () => to.flush());
}
