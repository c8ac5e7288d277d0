import type { LogLevelName } from '../model/index.ts';

/** One message of the runtime's own log channel. */
export interface LogFrame {
  readonly timestampMs: number;
  readonly format: 'Text' | 'JSON';
  readonly level?: LogLevelName;
  readonly message: string;
}

const HEADER_BYTES = 16;
const MAGIC = 0xa55a00;
const MESSAGE_BYTES_MAX = 1_048_576;
const NOTHING = Buffer.alloc(0);

const levels: Readonly<Record<number, LogLevelName>> = {
  0x04: 'TRACE',
  0x08: 'DEBUG',
  0x0c: 'INFO',
  0x10: 'WARN',
  0x14: 'ERROR',
  0x18: 'FATAL',
};

/**
 * Reads the frames a runtime writes to `_LAMBDA_TELEMETRY_LOG_FD`, big-endian: type (4 bytes), length (4), microseconds
 * since the epoch (8), message. Anything else in the stream is a line of text of unknown origin: passed on, never lost.
 */
export class LogFrameParser {
  readonly #frame: (frame: LogFrame) => void;
  readonly #stray: (bytes: Buffer) => void;
  #bytes: Buffer = NOTHING;
  #lost = false;

  constructor(frame: (frame: LogFrame) => void, stray: (bytes: Buffer) => void) {
    this.#frame = frame;
    this.#stray = stray;
  }

  push(chunk: Buffer): void {
    if (this.#lost) return this.#stray(chunk);
    let bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    while (bytes.length >= HEADER_BYTES) {
      const length = bytes.readUInt32BE(4);
      if (bytes.readUInt32BE(0) >>> 8 !== MAGIC || length > MESSAGE_BYTES_MAX) return this.#lose(bytes);
      if (bytes.length < HEADER_BYTES + length) break;
      this.#emit(bytes, length);
      bytes = bytes.subarray(HEADER_BYTES + length);
    }
    this.#bytes = bytes;
  }

  /** What a crash cut off in the middle of a frame. */
  flush(): void {
    const rest = this.#bytes;
    this.#bytes = NOTHING;
    if (rest.length > HEADER_BYTES) this.#emit(rest, rest.length - HEADER_BYTES);
  }

  #emit(bytes: Buffer, length: number): void {
    const type = bytes.readUInt32BE(0) & 0xff;
    const level = levels[type & 0xfc];
    this.#frame({
      timestampMs: Number(bytes.readBigUInt64BE(8) / 1_000n),
      format: (type & 0x03) === 0x02 ? 'JSON' : 'Text',
      ...(level === undefined ? {} : { level }),
      message: bytes.toString('utf8', HEADER_BYTES, HEADER_BYTES + length),
    });
  }

  #lose(bytes: Buffer): void {
    this.#lost = true;
    this.#bytes = NOTHING;
    this.#stray(bytes);
  }
}
