import type { Socket } from 'node:net';
import type { HttpLimits } from './limits.ts';
import { errorReply, type ReplyPart } from './reply.ts';
import type { BodyBudget, BodyStream } from './request-body.ts';
import type { Malformed, RequestHead } from './request-head.ts';
import { type HttpRequest, RequestParser } from './request-parser.ts';

/** Who answers. Exactly one `reply` is owed for each request; it may come later. */
export interface ConnectionOwner {
  request(request: HttpRequest, connection: HttpConnection): void;
  /** Where the body of this request is to be passed on to; most are collected. `resume` ends a pause of the stream. */
  stream?(head: RequestHead, connection: HttpConnection): BodyStream | undefined;
  /** The connection is gone; `unfinished` is the head of a request that was cut off in its body. */
  closed(connection: HttpConnection, unfinished: RequestHead | undefined): void;
}

export interface ConnectionBounds {
  readonly limits: HttpLimits;
  /** Shared by the connections of one session. */
  readonly budget: BodyBudget;
}

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

/** Bytes that may wait behind a request which is not answered yet; past them the client waits too. */
const READ_AHEAD_BYTES = 65_536;

/**
 * Requests taken in one turn of the event loop: thousands fit into one read, and whoever sends them without end would
 * keep everybody else waiting for seconds.
 */
const REQUESTS_A_TURN = 16;

/**
 * The server's end of one HTTP/1.1 connection, on a bare socket: keep-alive, pipelining, chunked bodies,
 * `Expect: 100-continue`. Requests are handed over one at a time and answered in order.
 */
export class HttpConnection {
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #parser: RequestParser;
  #out: ReplyPart[] = [];
  #answering = false;
  #held = false;
  #running = false;
  /** There may be more whole requests than one turn takes. */
  #behind = false;
  #keepAlive = true;
  #continued = false;
  #closed = false;

  constructor(socket: Socket, owner: ConnectionOwner, { limits, budget }: ConnectionBounds) {
    this.#socket = socket;
    this.#owner = owner;
    this.#parser = new RequestParser(limits, budget, (head) => owner.stream?.(head, this));
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    socket.on('drain', () => this.#run());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#close());
  }

  /**
   * Answers the current request. With `hold`, the bytes may wait for the next answer on this connection if the client
   * has sent its next request already: one write, and one wake-up of the client, less. `flush` ends the wait.
   */
  reply(parts: readonly ReplyPart[], options: { readonly hold?: boolean } = {}): void {
    if (this.#closed) return;
    this.#answering = false;
    this.#held = options.hold === true;
    this.#out.push(...parts);
    this.#run();
  }

  /** Reads on: whoever a body is passed on to has room again. */
  resume(): void {
    this.#run();
  }

  /** Sends what `hold` kept back. */
  flush(): void {
    const out = this.#out;
    if (this.#closed || out.length === 0) return;
    this.#out = [];
    this.#held = false;
    const text = asOneText(out);
    if (text !== undefined) {
      this.#socket.write(text, 'latin1');
      return;
    }
    this.#socket.cork();
    for (const part of out) this.#socket.write(part, 'latin1');
    this.#socket.uncork();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#close();
  }

  #received(chunk: Buffer): void {
    // After the last answer the client may go on sending for as long as it likes.
    if (!this.#keepAlive && !this.#answering) return;
    this.#parser.push(chunk);
    this.#run();
  }

  #run(): void {
    if (this.#running) return;
    this.#running = true;
    let left = REQUESTS_A_TURN;
    for (; left > 0 && this.#mayTakeNext(); left--) {
      const parsed = this.#parser.next();
      if (!parsed) break;
      if (parsed.kind === 'malformed') this.#refuse(parsed.malformed);
      else this.#take(parsed.request);
    }
    this.#running = false;
    this.#behind = left === 0;
    if (this.#behind) setImmediate(() => this.#run());
    this.#settle();
  }

  #mayTakeNext(): boolean {
    return !this.#answering && !this.#closed && this.#keepAlive && !this.#socket.writableNeedDrain;
  }

  #take(request: HttpRequest): void {
    this.#answering = true;
    this.#continued = false;
    this.#keepAlive = request.head.keepAlive;
    this.#owner.request(request, this);
  }

  #refuse(malformed: Malformed): void {
    this.#keepAlive = false;
    this.#out.push(errorReply(malformed.status, 'InvalidRequestFormat', malformed.reason));
  }

  #settle(): void {
    if (this.#closed) return;
    this.#continueIfExpected();
    if (!this.#held || !this.#answering) this.flush();
    if (!this.#answering && !this.#keepAlive) this.#socket.end();
    else this.#limitReadAhead();
  }

  #continueIfExpected(): void {
    if (this.#continued || this.#answering || !this.#parser.unfinished?.expectsContinue) return;
    this.#continued = true;
    this.#out.push(CONTINUE);
  }

  #limitReadAhead(): void {
    const behind = (this.#answering || this.#behind) && this.#parser.buffered > READ_AHEAD_BYTES;
    const full = behind || this.#parser.streamFull;
    if (full && !this.#socket.isPaused()) this.#socket.pause();
    else if (!full && this.#socket.isPaused()) this.#socket.resume();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#out = [];
    this.#parser.close();
    this.#owner.closed(this, this.#parser.unfinished);
  }
}

function asOneText(parts: readonly ReplyPart[]): string | undefined {
  let text = '';
  for (const part of parts) {
    if (typeof part !== 'string') return undefined;
    text += part;
  }
  return text;
}
