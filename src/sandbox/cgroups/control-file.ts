import { closeSync, openSync, readSync, writeSync } from 'node:fs';

const READ_BYTES = 16_384;

/** One file of a control group, kept open: a write then costs one system call. */
export class ControlFile {
  readonly #path: string;
  #fd: number | undefined;
  #closed = false;

  constructor(path: string) {
    this.#path = path;
  }

  write(value: string): void {
    writeSync(this.#open(), value, 0);
  }

  read(): string {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    const length = readSync(this.#open(), buffer, 0, READ_BYTES, 0);
    return buffer.toString('latin1', 0, length);
  }

  /** The sum of the values of these `key value` lines. */
  readKeys(keys: readonly string[]): number {
    let sum = 0;
    for (const line of this.read().split('\n')) {
      const blank = line.indexOf(' ');
      if (keys.includes(line.slice(0, blank))) sum += Number(line.slice(blank + 1));
    }
    return sum;
  }

  readNumber(): number {
    return Number(this.read());
  }

  close(): void {
    this.#closed = true;
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #open(): number {
    if (this.#closed) throw new Error(`${this.#path} is closed`);
    this.#fd ??= openWritable(this.#path);
    return this.#fd;
  }
}

function openWritable(path: string): number {
  try {
    return openSync(path, 'r+');
  } catch {
    return openSync(path, 'r');
  }
}
