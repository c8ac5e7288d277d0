import type { Readable } from 'node:stream';
import type { Clock, Ids } from '../base/index.ts';
import { type FunctionVersion, limits } from '../model/index.ts';
import { LineSplitter, LogFrameParser, type LogSink, type LogStreamWriter } from '../telemetry/index.ts';

/** `YYYY/MM/DD/[version]hex`, as AWS names it; in a log group of the user's own the function's name comes first. */
export function logStreamName(version: FunctionVersion, nowMs: number, ids: Ids): string {
  const day = new Date(nowMs).toISOString().slice(0, 10).replaceAll('-', '/');
  const shared = version.logging.logGroup !== `/aws/lambda/${version.name}`;
  return `${day}/${shared ? version.name : ''}[${version.version}]${ids.hex(32)}`;
}

/** The log stream of one environment: what its processes write, and the platform's lines between. */
export class EnvironmentLog {
  readonly streamName: string;
  readonly #clock: Clock;
  readonly #writer: LogStreamWriter;
  #splitters: LineSplitter[] = [];
  #tail: string[] | undefined;
  #tailBytes = 0;

  constructor(
    version: FunctionVersion,
    deps: { readonly clock: Clock; readonly ids: Ids; readonly sink: LogSink },
  ) {
    this.#clock = deps.clock;
    this.streamName = logStreamName(version, deps.clock.nowMs(), deps.ids);
    this.#writer = deps.sink.openStream({
      account: version.account,
      region: version.region,
      group: version.logging.logGroup,
      stream: this.streamName,
    });
  }

  append(timestampMs: number, message: string): void {
    this.#writer.append(timestampMs, message);
    if (this.#tail) this.#keepForTail(message);
  }

  /** Reads the output of one process until its end. */
  follow(output: { readonly stdout: Readable; readonly stderr: Readable; readonly log: Readable }): void {
    const line = (text: string): void => this.append(this.#clock.nowMs(), text);
    const [out, err, stray] = [new LineSplitter(line), new LineSplitter(line), new LineSplitter(line)];
    const frames = new LogFrameParser(
      (frame) => this.append(frame.timestampMs, withoutNewline(frame.message)),
      (bytes) => stray.push(bytes),
    );
    this.#splitters = [out, err, stray];
    pump(output.stdout, out);
    pump(output.stderr, err);
    pump(output.log, { push: (chunk) => frames.push(chunk), flush: () => (frames.flush(), stray.flush()) });
  }

  /** Writes out what has no end of line yet; at the end of an invocation it will not come. */
  flush(): void {
    for (const splitter of this.#splitters) splitter.flush();
  }

  /** From here on the last 4 KB are kept for `takeTail`. */
  startTail(): void {
    this.#tail = [];
    this.#tailBytes = 0;
  }

  takeTail(): Buffer {
    const text = Buffer.from(this.#tail?.map((line) => `${line}\n`).join('') ?? '');
    this.#tail = undefined;
    return text.subarray(Math.max(0, text.length - limits.tailBytes));
  }

  #keepForTail(message: string): void {
    const tail = this.#tail;
    if (!tail) return;
    tail.push(message);
    this.#tailBytes += message.length + 1;
    // Characters are at most bytes: what is dropped here lies before the last 4 KB in any case.
    while (this.#tailBytes - ((tail[0]?.length ?? 0) + 1) >= limits.tailBytes) {
      this.#tailBytes -= (tail.shift()?.length ?? 0) + 1;
    }
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

function withoutNewline(message: string): string {
  return message.endsWith('\n') ? message.slice(0, -1) : message;
}
