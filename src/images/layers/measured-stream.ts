import { createHash } from 'node:crypto';
import { invalidImage } from '../image-error.ts';
import { imageLimits } from '../image-limits.ts';

/** Hashes and counts what flows through, and stops what would be too much. */
export class MeasuredStream {
  readonly #source: AsyncIterable<Buffer>;
  readonly #mostBytes: number;
  readonly #hash = createHash('sha256');
  bytes = 0;

  constructor(source: AsyncIterable<Buffer>, mostBytes: number) {
    this.#source = source;
    this.#mostBytes = mostBytes;
  }

  async *chunks(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of this.#source) {
        this.bytes += chunk.length;
        if (this.bytes > this.#mostBytes) {
          throw invalidImage(`the image has more than ${imageLimits.unpackedBytes} bytes unpacked`);
        }
        this.#hash.update(chunk);
        yield chunk;
      }
    } catch (error) {
      throw damaged(error);
    }
  }

  digestHex(): string {
    return this.#hash.digest('hex');
  }
}

/** Errors of a decompressor are the image's fault; anything else (a full disk) is not. */
function damaged(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(Z_|ZSTD_|ERR_ZSTD|ERR_ZLIB)/.test(code)
    ? invalidImage(`a layer of the image is damaged: ${code}`)
    : error;
}
