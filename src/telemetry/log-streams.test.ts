import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineSplitter } from './line-splitter.ts';
import { type LogFrame, LogFrameParser } from './log-frames.ts';

/** Cuts bytes into pieces of the given sizes, then the rest. */
function pieces(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  let at = 0;
  const parts = sizes.map((size) => bytes.subarray(at, (at += size)));
  return [...parts, bytes.subarray(at)].filter((part) => part.length > 0);
}

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 40 });

test('lines are the same however the bytes are split', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme' }).map((line) => line.replaceAll('\n', ''))),
      sizes,
      (lines, cuts) => {
        const seen: string[] = [];
        const splitter = new LineSplitter((line) => seen.push(line));
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        for (const piece of pieces(bytes, cuts)) splitter.push(piece);
        splitter.flush();
        expect(seen).toEqual(lines);
      },
    ),
  );
});

test('a carriage return does not end a line, and a line without end is emitted on flush only', () => {
  const seen: string[] = [];
  const splitter = new LineSplitter((line) => seen.push(line));
  splitter.push(Buffer.from('a\rb\nrest'));
  expect(seen).toEqual(['a\rb']);
  splitter.flush();
  splitter.flush();
  expect(seen).toEqual(['a\rb', 'rest']);
});

test('a line without end is cut at the size of one event', () => {
  let events = 0;
  let characters = 0;
  const splitter = new LineSplitter((line) => {
    events++;
    characters += line.length;
  });
  for (let round = 0; round < 10; round++) splitter.push(Buffer.alloc(100_000, 'x'));
  splitter.flush();
  expect(characters).toBe(1_000_000);
  expect(events).toBeGreaterThan(3);
});

function frameBytes(type: number, message: string): Buffer {
  const body = Buffer.from(message);
  const header = Buffer.alloc(16);
  header.writeUInt32BE(type, 0);
  header.writeUInt32BE(body.length, 4);
  header.writeBigUInt64BE(1_700_000_000_123_456n, 8);
  return Buffer.concat([header, body]);
}

test('frames keep their text, level and time however they are split', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), sizes, (messages, cuts) => {
      const seen: LogFrame[] = [];
      const parser = new LogFrameParser(
        (frame) => seen.push(frame),
        () => expect.unreachable(),
      );
      const bytes = Buffer.concat(messages.map((message) => frameBytes(0xa55a0017, message)));
      for (const piece of pieces(bytes, cuts)) parser.push(piece);
      expect(seen).toEqual(
        messages.map((message) => ({
          message,
          level: 'ERROR',
          format: 'Text',
          timestampMs: 1_700_000_000_123,
        })),
      );
    }),
  );
});

test('bytes that are no frame are passed on as they are', () => {
  const strays: string[] = [];
  const parser = new LogFrameParser(
    () => expect.unreachable(),
    (bytes) => strays.push(bytes.toString()),
  );
  parser.push(Buffer.from('this is not a frame at all\n'));
  parser.push(Buffer.from('nor this\n'));
  expect(strays.join('')).toBe('this is not a frame at all\nnor this\n');
});

test('a frame cut off by a crash is kept as far as it came', () => {
  const seen: string[] = [];
  const parser = new LogFrameParser(
    (frame) => seen.push(frame.message),
    () => expect.unreachable(),
  );
  parser.push(frameBytes(0xa55a000e, 'last words of the function').subarray(0, 26));
  expect(seen).toEqual([]);
  parser.flush();
  expect(seen).toEqual(['last words']);
});
