import { StringDecoder } from 'node:string_decoder';

/** A longer line is cut into events of this size: CloudWatch's limit for one event. */
const EVENT_CHARACTERS_MAX = 262_144 - 26;

/** Cuts a stream of bytes at `\n`; `\r` stays inside a line, as on AWS. Memory is bounded by one event. */
export class LineSplitter {
  readonly #line: (text: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(line: (text: string) => void) {
    this.#line = line;
  }

  push(chunk: Buffer): void {
    const text = this.#rest + this.#decoder.write(chunk);
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      this.#emit(text.slice(start, end));
      start = end + 1;
    }
    this.#rest = text.slice(start);
    if (this.#rest.length > EVENT_CHARACTERS_MAX) this.flush();
  }

  /** Emits a line that has no end yet: the stream ended, or an invocation did. */
  flush(): void {
    const rest = this.#rest;
    if (rest === '') return;
    this.#rest = '';
    this.#emit(rest);
  }

  #emit(line: string): void {
    for (let start = 0; start < line.length || start === 0; start += EVENT_CHARACTERS_MAX) {
      this.#line(
        start === 0 && line.length <= EVENT_CHARACTERS_MAX
          ? line
          : line.slice(start, start + EVENT_CHARACTERS_MAX),
      );
    }
  }
}
