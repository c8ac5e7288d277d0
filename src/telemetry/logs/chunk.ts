import { invariant } from '../../base/index.ts';

/** Log events of one stream that are stored as one row: a row per event would cost ten times as much. */
export interface Chunk {
  readonly minMs: number;
  readonly maxMs: number;
  readonly count: number;
  /** UTF-8 bytes of the messages. */
  readonly bytes: number;
  readonly data: Uint8Array;
}

export interface TimedMessage {
  readonly timestampMs: number;
  readonly message: string;
}

/**
 * Bounds of one chunk. The span lets a reader find every chunk that may hold a moment by the chunk's begin alone; the
 * size is what one step of reading holds in memory.
 */
export const chunkLimits = { spanMs: 12_000, events: 10_000, codeUnits: 262_144 } as const;

/** Cuts events into chunks within the limits, in the order given. Times are whole milliseconds ≥ 0. */
export function packChunks(timestampsMs: readonly number[], messages: readonly string[]): readonly Chunk[] {
  const chunks: Chunk[] = [];
  let from = 0;
  while (from < messages.length) {
    const end = endOfChunk(timestampsMs, messages, from);
    chunks.push(encodeChunk(timestampsMs.slice(from, end), messages.slice(from, end)));
    from = end;
  }
  return chunks;
}

function endOfChunk(timestampsMs: readonly number[], messages: readonly string[], from: number): number {
  let [minMs, maxMs] = [timestampsMs[from] ?? 0, timestampsMs[from] ?? 0];
  let codeUnits = messages[from]?.length ?? 0;
  const most = Math.min(messages.length, from + chunkLimits.events);
  for (let at = from + 1; at < most; at++) {
    minMs = Math.min(minMs, timestampsMs[at] ?? 0);
    maxMs = Math.max(maxMs, timestampsMs[at] ?? 0);
    codeUnits += messages[at]?.length ?? 0;
    if (maxMs - minMs > chunkLimits.spanMs || codeUnits > chunkLimits.codeUnits) return at;
  }
  return most;
}

/**
 * Layout: for each event the time as a difference to the one before (zigzag varint) and the length of its message in
 * UTF-16 code units (varint), then all messages as one UTF-8 text. One text, because coding it at once is
 * several times faster than message by message, either way.
 */
function encodeChunk(timestampsMs: readonly number[], messages: readonly string[]): Chunk {
  const text = Buffer.from(messages.join(''));
  const header = new VarintWriter(messages.length * 2);
  let [previousMs, minMs, maxMs] = [0, Number.POSITIVE_INFINITY, 0];
  for (const [at, timestampMs] of timestampsMs.entries()) {
    header.write(zigzag(timestampMs - previousMs));
    header.write(messages[at]?.length ?? 0);
    previousMs = timestampMs;
    minMs = Math.min(minMs, timestampMs);
    maxMs = Math.max(maxMs, timestampMs);
  }
  const data = Buffer.concat([header.written(), text]);
  return { minMs, maxMs, count: messages.length, bytes: text.length, data };
}

/** The events of a chunk of `count`, in the order in which they were packed. */
export function unpackChunk(data: Uint8Array, count: number): readonly TimedMessage[] {
  const header = new VarintReader(data);
  const timestampsMs: number[] = [];
  const lengths: number[] = [];
  for (let n = 0; n < count; n++) {
    timestampsMs.push((timestampsMs[n - 1] ?? 0) + unzigzag(header.read()));
    lengths.push(header.read());
  }
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8', header.at);
  let from = 0;
  return lengths.map((length, n) => {
    const message = text.slice(from, from + length);
    from += length;
    return { timestampMs: timestampsMs[n] ?? 0, message };
  });
}

/** Without bit operations, which end at 32 bits: times need 42. */
function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

function unzigzag(value: number): number {
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
}

const longestVarint = 8;

class VarintWriter {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(values: number) {
    this.#bytes = Buffer.allocUnsafe(values * longestVarint);
  }

  write(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#at++] = (rest % 0x80) + 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#at++] = rest;
  }

  written(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }
}

class VarintReader {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  read(): number {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = this.#bytes[this.at++];
      invariant(byte !== undefined, 'a stored log chunk is cut short');
      value += (byte % 0x80) * factor;
      if (byte < 0x80) return value;
      factor *= 0x80;
    }
  }
}
