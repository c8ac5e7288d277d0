import { invalidImage } from '../image-error.ts';

/** Reads a stream in pieces of the sizes that somebody asks for. */
export class ByteSource {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** So many bytes; undefined at the very end. Throws `InvalidImage` where the stream ends within them. */
  async exactly(count: number): Promise<Buffer | undefined> {
    const parts: Buffer[] = [];
    let missing = count;
    while (missing > 0) {
      const part = await this.#upTo(missing);
      if (!part) break;
      parts.push(part);
      missing -= part.length;
    }
    if (missing === count && count > 0) return undefined;
    if (missing > 0) throw endsEarly();
    return parts.length === 1 ? parts[0] : Buffer.concat(parts);
  }

  /** So many bytes as they come. */
  async *stream(count: number): AsyncGenerator<Buffer> {
    for (let missing = count; missing > 0; ) {
      const part = await this.#upTo(missing);
      if (!part) throw endsEarly();
      missing -= part.length;
      yield part;
    }
  }

  async skip(count: number): Promise<void> {
    for await (const _ of this.stream(count));
  }

  /** For the padding after a file, which some builders leave out at the very end. */
  async skipWhatIsThere(count: number): Promise<void> {
    for (let missing = count; missing > 0; ) {
      const part = await this.#upTo(missing);
      if (!part) return;
      missing -= part.length;
    }
  }

  /** Reads to the end, whatever comes. */
  async drain(): Promise<void> {
    while (await this.#upTo(Number.MAX_SAFE_INTEGER));
  }

  async #upTo(count: number): Promise<Buffer | undefined> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done) return undefined;
      this.#rest = next.value;
    }
    const part = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }
}

function endsEarly(): Error {
  return invalidImage('a layer of the image ends within a file');
}
