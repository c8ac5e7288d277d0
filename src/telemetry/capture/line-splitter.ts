import { PendingBytes } from './pending-bytes.ts';
import { characterBoundary } from './utf8.ts';

/** One log event at most; a longer line is cut into several. */
export const maxLineBytes = 262_144;

const newline = 0x0a;

/**
 * Cuts what a process writes to stdout or stderr into log events: one per line, without its `\n`, `\r` an ordinary
 * character. Bytes that are not UTF-8 become U+FFFD. Holds at most `maxLineBytes` and what one `push` brought.
 */
export class LineSplitter {
  readonly #emit: (line: string) => void;
  readonly #pending = new PendingBytes();

  constructor(emit: (line: string) => void) {
    this.#emit = emit;
  }

  push(bytes: Uint8Array): void {
    const end = bytes.lastIndexOf(newline) + 1;
    if (end > 0) this.#emitLines(this.#withPending(bytes.subarray(0, end)));
    if (end < bytes.length) this.#hold(bytes.subarray(end));
  }

  /** What has no newline yet is an event too: the process is gone, or its invocation has ended. */
  flush(): void {
    if (this.#pending.length > 0) this.#emit(this.#pending.takeAll().toString('utf8'));
  }

  #withPending(bytes: Uint8Array): Buffer {
    if (this.#pending.length === 0) return asBuffer(bytes);
    this.#pending.append(bytes);
    return this.#pending.takeAll();
  }

  /** `bytes` end with a newline. Decoding them all at once is several times faster than line by line. */
  #emitLines(bytes: Buffer): void {
    const text = bytes.toString('utf8');
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      this.#emitLine(text.slice(from, end));
      from = end + 1;
    }
  }

  #emitLine(line: string): void {
    if (line.length * 3 <= maxLineBytes || Buffer.byteLength(line) <= maxLineBytes) this.#emit(line);
    else this.#emit(this.#emitPieces(Buffer.from(line)).toString('utf8'));
  }

  #hold(bytes: Uint8Array): void {
    this.#pending.append(bytes);
    if (this.#pending.length > maxLineBytes) this.#pending.append(this.#emitPieces(this.#pending.takeAll()));
  }

  /** Emits full-size pieces of an over-long line; gives back what is left of it. */
  #emitPieces(line: Buffer): Buffer {
    let rest = line;
    while (rest.length > maxLineBytes) {
      const cut = characterBoundary(rest, maxLineBytes);
      this.#emit(rest.subarray(0, cut).toString('utf8'));
      rest = rest.subarray(cut);
    }
    return rest;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
