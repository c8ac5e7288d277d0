import type { LogLevelName } from '../../model/index.ts';
import { maxLineBytes } from './line-splitter.ts';
import { PendingBytes } from './pending-bytes.ts';

/** One message from the runtime's log channel. */
export interface LogFrame {
  readonly format: 'Text' | 'JSON';
  /** Absent where the runtime gave none. */
  readonly level?: LogLevelName;
  /** As the runtime claims, in milliseconds with fraction: not to be trusted. */
  readonly timestampMs: number;
  readonly message: string;
}

const headerBytes = 16;
const textType = 0xa55a0003;
const jsonType = 0xa55a0002;
const levelMask = 0x1c;
const levelNames: Readonly<Record<number, LogLevelName>> = {
  0x04: 'TRACE',
  0x08: 'DEBUG',
  0x0c: 'INFO',
  0x10: 'WARN',
  0x14: 'ERROR',
  0x18: 'FATAL',
};

/**
 * Reads the log channel that a runtime finds in `_LAMBDA_TELEMETRY_LOG_FD`: frames of type (4 bytes), length (4) and
 * microseconds (8), big-endian, then the message; an empty message is no event. The writer is the function's process, so nothing in it is trusted:
 * a message longer than a log event is cut and the rest skipped; from a header that is none on, everything goes to `stray`
 * as it came, since the next frame cannot be found. Holds at most `maxLineBytes` and what one `push` brought.
 */
export class LogFrameParser {
  readonly #emit: (frame: LogFrame) => void;
  readonly #stray: (bytes: Buffer) => void;
  readonly #pending = new PendingBytes();
  /** Set while its message is awaited. */
  #header: FrameHeader | undefined;
  /** Bytes of a cut message still to pass over. */
  #skip = 0;
  #broken = false;

  constructor(emit: (frame: LogFrame) => void, stray: (bytes: Buffer) => void) {
    this.#emit = emit;
    this.#stray = stray;
  }

  push(bytes: Uint8Array): void {
    const data = this.#takeWhenEnough(bytes);
    let at = 0;
    for (let next = this.#read(data, at); next > at; next = this.#read(data, at)) at = next;
    const rest = data.subarray(at);
    if (this.#broken) this.#stray(rest);
    else this.#pending.append(rest);
  }

  /** The process is gone: a message cut short is given as far as it came. */
  flush(): void {
    const rest = this.#pending.takeAll();
    if (this.#header && rest.length > 0) this.#emit(frameOf(this.#header, rest));
    this.#header = undefined;
  }

  /** Everything there is once it is enough for the next step; until then nothing, so that no byte is looked at often. */
  #takeWhenEnough(bytes: Uint8Array): Buffer {
    if (this.#pending.length === 0) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#pending.append(bytes);
    return this.#pending.length < this.#needed() ? Buffer.alloc(0) : this.#pending.takeAll();
  }

  #needed(): number {
    if (this.#skip > 0) return 1;
    return this.#header ? messageBytes(this.#header) : headerBytes;
  }

  /** One step from `at`; gives back where the next one begins, or `at` where more bytes are needed. */
  #read(data: Buffer, at: number): number {
    if (this.#broken || data.length - at < this.#needed()) return at;
    if (this.#skip > 0) return this.#pass(data, at);
    return this.#header ? this.#readMessage(this.#header, data, at) : this.#readHeader(data, at);
  }

  #pass(data: Buffer, at: number): number {
    const passed = Math.min(this.#skip, data.length - at);
    this.#skip -= passed;
    return at + passed;
  }

  #readHeader(data: Buffer, at: number): number {
    const header = parseHeader(data.subarray(at, at + headerBytes));
    if (header && header.length > 0) this.#header = header;
    if (header) return at + headerBytes;
    this.#broken = true;
    return at;
  }

  #readMessage(header: FrameHeader, data: Buffer, at: number): number {
    const end = at + messageBytes(header);
    this.#emit(frameOf(header, data.subarray(at, end)));
    this.#header = undefined;
    this.#skip = header.length - messageBytes(header);
    return end;
  }
}

function messageBytes({ length }: FrameHeader): number {
  return Math.min(length, maxLineBytes);
}

interface FrameHeader {
  readonly format: 'Text' | 'JSON';
  readonly level: LogLevelName | undefined;
  readonly length: number;
  readonly timestampMs: number;
}

function parseHeader(bytes: Buffer): FrameHeader | undefined {
  const type = bytes.readUInt32BE(0);
  const base = (type & ~levelMask) >>> 0;
  if (base !== textType && base !== jsonType) return undefined;
  return {
    format: base === jsonType ? 'JSON' : 'Text',
    level: levelNames[type & levelMask],
    length: bytes.readUInt32BE(4),
    timestampMs: Number(bytes.readBigInt64BE(8)) / 1_000,
  };
}

function frameOf({ format, level, timestampMs }: FrameHeader, bytes: Buffer): LogFrame {
  const message = bytes.toString('utf8');
  return level === undefined ? { format, timestampMs, message } : { format, level, timestampMs, message };
}
