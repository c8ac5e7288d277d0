import type { Socket } from 'node:net';
import { type PlainRequest, readPlainRequest } from './plain-request.ts';

/** Who serves what a connection reads. */
export interface LaneOwner {
  /** False where the request is not for the lane: nothing has happened yet. Else `answer` is owed, exactly once. */
  serve(request: PlainRequest, connection: LaneConnection): boolean;
  /** Somebody else serves this socket from now on; what was read of it is put back. */
  handOver(connection: LaneConnection): void;
  /** A request before the last one was answered. False: the connection is to be cut. */
  mayWait(connection: LaneConnection): boolean;
  closed(connection: LaneConnection): void;
}

const NOTHING = Buffer.alloc(0);
/** Bytes that may wait behind a request which is not answered yet. */
const READ_AHEAD_BYTES = 65_536;

/** A connection on which nothing but plain Invokes have come so far. */
export class LaneConnection {
  readonly socket: Socket;
  readonly #owner: LaneOwner;
  readonly #onData = (chunk: Buffer): void => this.#received(chunk);
  readonly #onClose = (): void => this.#owner.closed(this);
  readonly #onError = (): void => void this.socket.destroy();
  /** Came while a request was being answered. */
  #pending: Buffer = NOTHING;
  #answering = false;
  /** Has been answered at least once. */
  #used = false;
  #idleRounds = 0;

  constructor(socket: Socket, owner: LaneOwner) {
    this.socket = socket;
    this.#owner = owner;
    socket.on('data', this.#onData).on('close', this.#onClose).on('error', this.#onError);
  }

  get answering(): boolean {
    return this.#answering;
  }

  /** Has had an answer: only its first request may be expected at once. */
  get used(): boolean {
    return this.#used;
  }

  /** Counts a round in which nothing was answered; how many in a row there have been. */
  countIdleRound(): number {
    if (this.#answering) this.#idleRounds = 0;
    else this.#idleRounds++;
    return this.#idleRounds;
  }

  /** Writes a whole answer (latin1) and goes on with what came meanwhile. False: the client does not keep up. */
  answer(text: string, last: boolean): boolean {
    this.#answering = false;
    this.#used = true;
    this.#idleRounds = 0;
    if (this.socket.destroyed) return true;
    const kept = this.socket.write(text, 'latin1');
    if (last) this.socket.end();
    else this.#goOn();
    return kept;
  }

  #received(chunk: Buffer): void {
    if (this.#answering)
      this.#sentAhead(this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]));
    else this.#take(chunk);
  }

  #take(bytes: Buffer): void {
    this.#pending = NOTHING;
    const request = readPlainRequest(bytes);
    if (!request) return this.#handOver(bytes);
    this.#answering = true;
    if (!this.#owner.serve(request, this)) this.#handOver(bytes);
    else if (request.end < bytes.length) this.#sentAhead(bytes.subarray(request.end));
  }

  #sentAhead(bytes: Buffer): void {
    this.#pending = bytes;
    if (!this.#owner.mayWait(this)) this.socket.destroy();
    else if (bytes.length > READ_AHEAD_BYTES) this.socket.pause();
  }

  #goOn(): void {
    if (this.#pending.length === 0) return;
    this.socket.resume();
    // A turn later: whoever sends requests ahead gets no more than one served in each turn of the event loop.
    setImmediate(() => {
      if (!this.#answering && !this.socket.destroyed && this.#pending.length > 0) this.#take(this.#pending);
    });
  }

  #handOver(bytes: Buffer): void {
    const { socket } = this;
    socket.off('data', this.#onData).off('close', this.#onClose).off('error', this.#onError);
    socket.pause();
    socket.unshift(bytes);
    this.#answering = false;
    this.#owner.handOver(this);
    socket.resume();
  }
}
