import type { BodyStream, RequestHead } from '../http/index.ts';
import type { ResponseReader } from './response-reader.ts';

interface StreamOptions {
  /** The longest response, in bytes. */
  readonly limitBytes: number;
  /** How far past it the runtime may go on before its connection is cut, in bytes. */
  readonly patienceBytes: number;
  /** The connection may be read again. */
  readonly resume: () => void;
  /** The response has become too long: what was passed on is all that its reader gets. */
  readonly overflowed: () => void;
}

/**
 * The body of a streamed response on its way through: what one read of the connection brings is passed on in one piece,
 * and nothing is kept. While the reader has no room the connection is not read.
 */
export class StreamedResponse implements BodyStream {
  readonly head: RequestHead;
  readonly #reader: ResponseReader;
  readonly #options: StreamOptions;
  #parts: Buffer[] = [];
  #bytes = 0;
  #full = false;

  constructor(head: RequestHead, reader: ResponseReader, options: StreamOptions) {
    this.head = head;
    this.#reader = reader;
    this.#options = options;
    const contentType = head.headers.get('content-type');
    reader.open(contentType === undefined ? {} : { contentType }, () => this.#resume());
  }

  get full(): boolean {
    return this.#full;
  }

  get oversized(): boolean {
    return this.#bytes > this.#options.limitBytes;
  }

  get beyondPatience(): boolean {
    return this.#bytes > this.#options.limitBytes + this.#options.patienceBytes;
  }

  add(part: Buffer): void {
    const left = this.#options.limitBytes - this.#bytes;
    this.#bytes += part.length;
    if (left >= part.length) this.#parts.push(part);
    else if (left >= 0) this.#overflow(part.subarray(0, left));
  }

  flush(): void {
    const [first, ...others] = this.#parts;
    if (first === undefined) return;
    const bytes = others.length === 0 ? first : Buffer.concat(this.#parts);
    this.#parts = [];
    if (bytes.length > 0) this.#full = !this.#reader.write(bytes);
  }

  release(): void {
    this.#reader.close();
  }

  #overflow(last: Buffer): void {
    this.#parts.push(last);
    this.flush();
    this.#options.overflowed();
  }

  #resume(): void {
    this.#full = false;
    this.#options.resume();
  }
}
