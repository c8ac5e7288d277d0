import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { chunkLimits, packChunks, type TimedMessage, unpackChunk } from './chunk.ts';
import { comparePositions, parsePosition, positionAfter, renderPosition } from './log-position.ts';

const baseMs = Date.UTC(2026, 0, 1);

function unpackAll(chunks: ReturnType<typeof packChunks>): TimedMessage[] {
  return chunks.flatMap((chunk) => [...unpackChunk(chunk.data, chunk.count)]);
}

const event = fc.record({
  timestampMs: fc.oneof(
    fc.integer({ min: baseMs, max: baseMs + 30_000 }),
    fc.integer({ min: 0, max: 2 ** 42 }),
  ),
  // Halves of surrogate pairs at the edges of messages, too: they must not join across events.
  message: fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
});

test('what is packed is unpacked, whatever the texts and times', () => {
  fc.assert(
    fc.property(fc.array(event), (events) => {
      const chunks = packChunks(
        events.map(({ timestampMs }) => timestampMs),
        events.map(({ message }) => message),
      );
      expect(unpackAll(chunks)).toEqual(events);
    }),
  );
});

test('halves of a character at the edges of two messages stay in their messages', () => {
  const chunks = packChunks([1, 2], ['a\uD83D', '\uDD25b']);
  expect(unpackAll(chunks).map(({ message }) => message)).toEqual(['a\uD83D', '\uDD25b']);
});

test('a chunk keeps its bounds of time, number and size', () => {
  fc.assert(
    fc.property(fc.array(event), fc.integer({ min: 1, max: 60_000 }), (events, times) => {
      const messages = events.map(({ message }) => message.repeat(times).slice(0, 400_000));
      const chunks = packChunks(
        events.map(({ timestampMs }) => timestampMs),
        messages,
      );
      for (const chunk of chunks) {
        const unpacked = unpackChunk(chunk.data, chunk.count);
        const timestamps = unpacked.map(({ timestampMs }) => timestampMs);
        expect([chunk.minMs, chunk.maxMs]).toEqual([Math.min(...timestamps), Math.max(...timestamps)]);
        expect(chunk.maxMs - chunk.minMs).toBeLessThanOrEqual(chunkLimits.spanMs);
        const codeUnits = unpacked.reduce((sum, { message }) => sum + message.length, 0);
        expect(chunk.count === 1 || codeUnits <= chunkLimits.codeUnits).toBe(true);
      }
    }),
    { numRuns: 30 },
  );
});

const position = fc.record({
  timestampMs: fc.integer({ min: 0, max: 2 ** 42 }),
  seq: fc.integer({ min: 0, max: 2 ** 53 - 1 }),
  writer: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  index: fc.integer({ min: 0, max: 10_000 }),
});

test('positions are 56 digits whose text order is their order', () => {
  fc.assert(
    fc.property(position, position, (a, b) => {
      const [textA, textB] = [renderPosition(a), renderPosition(b)];
      expect(textA).toMatch(/^\d{56}$/);
      expect(parsePosition(textA)).toEqual(a);
      expect(Math.sign(comparePositions(a, b))).toBe(textA < textB ? -1 : textA > textB ? 1 : 0);
      expect(comparePositions(positionAfter(a), a)).toBeGreaterThan(0);
    }),
  );
});

test('what is no position is not parsed', () => {
  for (const text of ['', '1', 'x'.repeat(56), '9'.repeat(56), '0'.repeat(57)])
    expect(parsePosition(text)).toBeUndefined();
});
