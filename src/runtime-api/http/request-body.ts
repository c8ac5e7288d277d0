import type { HttpLimits } from './limits.ts';
import { type Malformed, parseField } from './request-head.ts';

const NOTHING = Buffer.alloc(0);

/** Takes what belongs to one body out of a stream of bytes. */
export interface BodyReader {
  /** Reads from `offset`; returns where the rest begins, or what is wrong. */
  read(bytes: Buffer, offset: number): number | Malformed;
  readonly done: boolean;
  /** Fields after a chunked body, names in lower case; absent where there are none. */
  readonly trailers?: ReadonlyMap<string, string> | undefined;
}

/** Where the bytes of one body go. */
export interface BodyTarget {
  add(part: Buffer): void;
  /** So long that its sender is listened to no further. */
  readonly beyondPatience: boolean;
  /** The body is over, or will not come to its end: nothing is held for it any more. */
  release(): void;
}

/** A body that is passed on while it arrives. */
export interface BodyStream extends BodyTarget {
  /** Called after the parts that came together. */
  flush(): void;
  /** No more can be taken for now. */
  readonly full: boolean;
}

/** What all bodies on their way in one session may hold together, in bytes. */
export class BodyBudget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#left += bytes;
  }
}

/**
 * What was read of a body so far. Past the limit, or where the budget has no more, nothing is kept, so that a client may
 * finish and read its 413. A body in one piece is not copied; more pieces, however small, grow one buffer.
 */
export class BodyContent implements BodyTarget {
  readonly #limits: HttpLimits;
  readonly #budget: BodyBudget;
  #bytes: Buffer = NOTHING;
  #filled = 0;
  #length = 0;
  #dropped = false;

  constructor(limits: HttpLimits, budget: BodyBudget) {
    this.#limits = limits;
    this.#budget = budget;
  }

  get oversized(): boolean {
    return this.#dropped;
  }

  get beyondPatience(): boolean {
    return this.#length > this.#limits.discardBytes;
  }

  add(part: Buffer): void {
    this.#length += part.length;
    if (this.#dropped) return;
    if (this.#length > this.#limits.bodyBytes || !this.#budget.take(part.length)) this.#drop();
    else this.#keep(part);
  }

  /** The whole body; the budget no longer pays for it. */
  take(): Buffer {
    const body = this.#bytes.subarray(0, this.#filled);
    this.release();
    return body;
  }

  release(): void {
    this.#budget.giveBack(this.#filled);
    this.#bytes = NOTHING;
    this.#filled = 0;
  }

  #drop(): void {
    this.#dropped = true;
    this.release();
  }

  #keep(part: Buffer): void {
    const filled = this.#filled + part.length;
    if (this.#filled === 0) this.#bytes = part;
    else if (filled > this.#bytes.length) this.#grow(filled);
    if (this.#filled > 0) part.copy(this.#bytes, this.#filled);
    this.#filled = filled;
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(2 * needed, this.#limits.bodyBytes)));
    this.#bytes.copy(larger, 0, 0, this.#filled);
    this.#bytes = larger;
  }
}

const TOO_LONG: Malformed = { status: 413, reason: 'Body too long' };
const TRAILERS_TOO_LONG: Malformed = { status: 431, reason: 'Trailers too long' };

/** A body with `Content-Length`. */
export class LengthBody implements BodyReader {
  readonly #content: BodyTarget;
  #left: number;

  constructor(content: BodyTarget, length: number) {
    this.#content = content;
    this.#left = length;
  }

  get done(): boolean {
    return this.#left === 0;
  }

  read(bytes: Buffer, offset: number): number | Malformed {
    const end = Math.min(bytes.length, offset + this.#left);
    if (end > offset) this.#content.add(bytes.subarray(offset, end));
    this.#left -= end - offset;
    return this.#content.beyondPatience ? TOO_LONG : end;
  }
}

const CHUNK_SIZE = /^([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?$/;
const LINE_BYTES_MAX = 1_024;

type ChunkedState = 'size' | 'data' | 'data-end' | 'trailers' | 'done';

/** A body with `Transfer-Encoding: chunked`; extensions are read and dropped. */
export class ChunkedBody implements BodyReader {
  readonly #content: BodyTarget;
  readonly #limits: HttpLimits;
  #state: ChunkedState = 'size';
  #left = 0;
  #trailerBytes = 0;
  #trailers: Map<string, string> | undefined;

  constructor(content: BodyTarget, limits: HttpLimits) {
    this.#content = content;
    this.#limits = limits;
  }

  get done(): boolean {
    return this.#state === 'done';
  }

  get trailers(): ReadonlyMap<string, string> | undefined {
    return this.#trailers;
  }

  read(bytes: Buffer, offset: number): number | Malformed {
    let at = offset;
    while (this.#state !== 'done') {
      const next = this.#state === 'data' ? this.#readData(bytes, at) : this.#readLine(bytes, at);
      if (typeof next !== 'number') return next;
      if (next === at) break;
      at = next;
    }
    return at;
  }

  #readData(bytes: Buffer, offset: number): number | Malformed {
    const end = Math.min(bytes.length, offset + this.#left);
    if (end > offset) this.#content.add(bytes.subarray(offset, end));
    if (this.#content.beyondPatience) return TOO_LONG;
    this.#left -= end - offset;
    if (this.#left === 0) this.#state = 'data-end';
    return end;
  }

  #readLine(bytes: Buffer, offset: number): number | Malformed {
    const end = bytes.indexOf('\r\n', offset, 'latin1');
    if (end === -1) return this.#awaitLine(bytes.length - offset) ?? offset;
    const malformed = this.#takeLine(bytes.toString('latin1', offset, end));
    return malformed ?? end + 2;
  }

  #awaitLine(bytes: number): Malformed | undefined {
    if (this.#state === 'trailers') return bytes > this.#limits.headBytes ? TRAILERS_TOO_LONG : undefined;
    return bytes > LINE_BYTES_MAX ? { status: 400, reason: 'Malformed chunk' } : undefined;
  }

  #takeLine(line: string): Malformed | undefined {
    if (this.#state === 'trailers') return this.#takeTrailer(line);
    if (this.#state === 'data-end') {
      this.#state = 'size';
      return line === '' ? undefined : { status: 400, reason: 'Malformed chunk' };
    }
    const size = CHUNK_SIZE.exec(line)?.[1];
    if (size === undefined) return { status: 400, reason: 'Malformed chunk size' };
    this.#left = Number.parseInt(size, 16);
    this.#state = this.#left === 0 ? 'trailers' : 'data';
    return undefined;
  }

  #takeTrailer(line: string): Malformed | undefined {
    this.#trailerBytes += line.length + 2;
    if (this.#trailerBytes > this.#limits.headBytes) return TRAILERS_TOO_LONG;
    if (line === '') this.#state = 'done';
    else return this.#keepTrailer(line);
    return undefined;
  }

  #keepTrailer(line: string): Malformed | undefined {
    const field = parseField(line);
    this.#trailers ??= new Map();
    if (!field || this.#trailers.size >= this.#limits.headers) {
      return { status: 400, reason: 'Malformed trailer field' };
    }
    if (!this.#trailers.has(field.name)) this.#trailers.set(field.name, field.value);
    return undefined;
  }
}
