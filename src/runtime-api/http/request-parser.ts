import type { HttpLimits } from './limits.ts';
import {
  type BodyBudget,
  BodyContent,
  type BodyReader,
  type BodyStream,
  ChunkedBody,
  LengthBody,
} from './request-body.ts';
import { type Malformed, parseRequestHead, type RequestHead } from './request-head.ts';

export interface HttpRequest {
  readonly head: RequestHead;
  /** Empty where `oversized` or `streamed`. */
  readonly body: Buffer;
  /** The body was longer than `HttpLimits.bodyBytes`; it was read to its end and dropped. */
  readonly oversized: boolean;
  /** The body was passed on while it arrived. */
  readonly streamed?: true;
  readonly trailers?: ReadonlyMap<string, string>;
}

export type Parsed =
  | { readonly kind: 'request'; readonly request: HttpRequest }
  | { readonly kind: 'malformed'; readonly malformed: Malformed };

const NOTHING = Buffer.alloc(0);
const HEAD_END = Buffer.from('\r\n\r\n');

interface OpenRequest {
  readonly head: RequestHead;
  readonly content: BodyContent;
  /** Takes the body in place of `content`. */
  readonly stream: BodyStream | undefined;
  readonly reader: BodyReader;
}

/** Looks at the head of each request: whether its body is to be passed on while it arrives. */
export type StreamOpener = (head: RequestHead) => BodyStream | undefined;

/** Cuts a stream of bytes, however it is split, into HTTP/1.1 requests. Keeps no more than its limits allow. */
export class RequestParser {
  readonly #limits: HttpLimits;
  readonly #budget: BodyBudget;
  readonly #openStream: StreamOpener;
  #bytes: Buffer = NOTHING;
  #offset = 0;
  #open: OpenRequest | undefined;

  constructor(limits: HttpLimits, budget: BodyBudget, openStream: StreamOpener) {
    this.#limits = limits;
    this.#budget = budget;
    this.#openStream = openStream;
  }

  /** The head of a request whose body is still on its way. */
  get unfinished(): RequestHead | undefined {
    return this.#open?.head;
  }

  /** Bytes received and not yet part of a request that was handed out. */
  get buffered(): number {
    return this.#bytes.length - this.#offset;
  }

  /** Whoever the body goes to has no room for more. */
  get streamFull(): boolean {
    return this.#open?.stream?.full === true;
  }

  push(chunk: Buffer): void {
    const rest = this.buffered;
    this.#bytes = rest === 0 ? chunk : Buffer.concat([this.#bytes.subarray(this.#offset), chunk]);
    this.#offset = 0;
  }

  /** Gives up what is not finished: the connection is gone. */
  close(): void {
    this.#open?.content.release();
    this.#open?.stream?.release();
  }

  /** The next whole request; undefined until more bytes arrive. Of no use after `malformed`. */
  next(): Parsed | undefined {
    if (!this.#open) {
      const malformed = this.#readHead();
      if (malformed) return { kind: 'malformed', malformed };
      if (!this.#open) return undefined;
    }
    return this.#readBody(this.#open);
  }

  #readHead(): Malformed | undefined {
    this.#skipEmptyLines();
    const end = this.#bytes.indexOf(HEAD_END, this.#offset);
    const length = (end === -1 ? this.#bytes.length : end) - this.#offset;
    if (length > this.#limits.headBytes) return { status: 431, reason: 'Request head too long' };
    if (end === -1) return undefined;
    const head = parseRequestHead(this.#bytes.toString('latin1', this.#offset, end), this.#limits);
    if ('status' in head) return head;
    this.#offset = end + HEAD_END.length;
    const content = new BodyContent(this.#limits, this.#budget);
    const stream = this.#openStream(head);
    const target = stream ?? content;
    const reader =
      head.body === 'chunked' ? new ChunkedBody(target, this.#limits) : new LengthBody(target, head.body);
    this.#open = { head, content, stream, reader };
    return undefined;
  }

  /** RFC 9112, 2.2: empty lines before a request line are to be ignored. */
  #skipEmptyLines(): void {
    while (this.#bytes[this.#offset] === 0x0d && this.#bytes[this.#offset + 1] === 0x0a) this.#offset += 2;
  }

  #readBody(open: OpenRequest): Parsed | undefined {
    const next = open.reader.read(this.#bytes, this.#offset);
    open.stream?.flush();
    if (typeof next !== 'number') return { kind: 'malformed', malformed: next };
    this.#offset = next;
    if (!open.reader.done) return undefined;
    this.#open = undefined;
    const { head, content, stream, reader } = open;
    const { oversized } = content;
    if (stream || reader.trailers) return { kind: 'request', request: streamedRequest(open) };
    return { kind: 'request', request: { head, body: content.take(), oversized } };
  }
}

function streamedRequest({ head, content, stream, reader: { trailers } }: OpenRequest): HttpRequest {
  stream?.release();
  return {
    head,
    body: content.take(),
    oversized: content.oversized,
    ...(stream && { streamed: true }),
    ...(trailers && { trailers }),
  };
}
