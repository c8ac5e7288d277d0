import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  applicationLevelOf,
  LineSplitter,
  type LogFrame,
  LogFrameParser,
  maxLineBytes,
  reachesLevel,
  TailBuffer,
} from '../index.ts';

/** Every way in which a pipe may hand over the same bytes. */
function inPieces(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (let n = 0; at < bytes.length; n++) {
    const size = sizes[n % sizes.length] ?? 1;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

function split(pieces: readonly Uint8Array[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const piece of pieces) splitter.push(piece);
  splitter.flush();
  return lines;
}

test('each line is an event; a carriage return does not split', () => {
  expect(split([Buffer.from('one\ntwo\rstill two\r\n\nlast')])).toEqual([
    'one',
    'two\rstill two\r',
    '',
    'last',
  ]);
});

test('nothing written is no event', () => {
  expect(split([])).toEqual([]);
});

test('the events do not depend on how the pipe cuts the bytes', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), sizes, (text, sizes) => {
      const wellFormed = text.toWellFormed();
      const expected = wellFormed.split('\n');
      if (expected.at(-1) === '') expected.pop();
      expect(split(inPieces(Buffer.from(wellFormed), sizes))).toEqual(expected);
    }),
  );
});

test('a line longer than an event is cut between characters, and loses none', () => {
  const line = `${'x'.repeat(maxLineBytes - 1)}🔥${'é'.repeat(maxLineBytes)}\n`;
  for (const size of [65_536, 1_000_003]) {
    const lines = split(inPieces(Buffer.from(`${line}next\n`), [size]));
    expect(`${lines.slice(0, -1).join('')}\n`).toBe(line);
    expect(lines.at(-1)).toBe('next');
    expect(Math.max(...lines.map((piece) => Buffer.byteLength(piece)))).toBeLessThanOrEqual(maxLineBytes);
  }
});

test('a long line that comes byte by byte takes time in proportion to its length', () => {
  const bytes = Buffer.alloc(3 * maxLineBytes, 'x');
  const lines = split(inPieces(bytes, [1]));
  expect(lines.map((line) => line.length)).toEqual([maxLineBytes, maxLineBytes, maxLineBytes]);
});

test('bytes that are not UTF-8 become replacement characters', () => {
  expect(split([Uint8Array.of(0x61, 0xff, 0x80, 0x0a, 0xf0, 0x9f)])).toEqual([
    'a\u{FFFD}\u{FFFD}',
    '\u{FFFD}',
  ]);
});

const textType = 0xa55a0003;
const jsonType = 0xa55a0002;

function frame(type: number, message: string, length = Buffer.byteLength(message)): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32BE(type >>> 0, 0);
  header.writeUInt32BE(length, 4);
  header.writeBigInt64BE(1_767_323_045_067_890n, 8);
  return Buffer.concat([header, Buffer.from(message)]);
}

function read(pieces: readonly Uint8Array[]): { frames: LogFrame[]; stray: string } {
  const frames: LogFrame[] = [];
  const strays: Buffer[] = [];
  const parser = new LogFrameParser(
    (frame) => frames.push(frame),
    (bytes) => strays.push(bytes),
  );
  for (const piece of pieces) parser.push(piece);
  parser.flush();
  return { frames, stray: Buffer.concat(strays).toString() };
}

test('frames carry format, level, time and a message of many lines', () => {
  const bytes = Buffer.concat([
    frame(textType | 0x0c, 'a\nb\n'),
    frame(jsonType | 0x14, '{}'),
    frame(textType, 'é'),
  ]);
  const timestampMs = 1_767_323_045_067.89;
  const expected = [
    { format: 'Text', level: 'INFO', timestampMs, message: 'a\nb\n' },
    { format: 'JSON', level: 'ERROR', timestampMs, message: '{}' },
    { format: 'Text', timestampMs, message: 'é' },
  ];
  for (const size of [1, 3, 17, 1_000])
    expect(read(inPieces(bytes, [size]))).toEqual({ frames: expected, stray: '' });
});

test('what is no frame is passed on as it is, and with it all that follows', () => {
  const bytes = Buffer.concat([frame(textType, 'kept'), Buffer.from('this is no frame at all\nnor this\n')]);
  for (const size of [1, 7, 1_000]) {
    const { frames, stray } = read(inPieces(bytes, [size]));
    expect(frames.map(({ message }) => message)).toEqual(['kept']);
    expect(stray).toBe('this is no frame at all\nnor this\n');
  }
});

test('a large frame that comes byte by byte takes time in proportion to its length', () => {
  const { frames } = read(inPieces(frame(textType, 'x'.repeat(maxLineBytes)), [1]));
  expect(frames.map(({ message }) => message.length)).toEqual([maxLineBytes]);
});

test('a message longer than an event is cut, and the next frame is found behind it', () => {
  const bytes = Buffer.concat([frame(textType, 'x'.repeat(maxLineBytes + 100_000)), frame(textType, 'next')]);
  for (const size of [65_536, 1_000_003]) {
    const { frames } = read(inPieces(bytes, [size]));
    expect(frames.map(({ message }) => message.length)).toEqual([maxLineBytes, 4]);
  }
});

test('a frame that claims four gigabytes and never comes is given as far as it came', () => {
  const { frames } = read([frame(textType, 'short', 2 ** 32 - 1)]);
  expect(frames.map(({ message }) => message)).toEqual(['short']);
});

test('an empty message is no event', () => {
  expect(read([Buffer.concat([frame(textType, ''), frame(textType, 'a')])]).frames).toHaveLength(1);
});

test('no bytes whatever make the reader throw', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (pieces) => {
      read([frame(textType, 'a'), ...pieces]);
    }),
  );
});

function tailOf(messages: readonly string[]): string {
  const tail = new TailBuffer();
  for (const message of messages) tail.append(message);
  return tail.bytes().toString('utf8');
}

test('the tail is the whole log of a quiet invocation, a newline behind each event', () => {
  expect(tailOf(['START', 'between', 'END'])).toBe('START\nbetween\nEND\n');
});

test('the tail is the last 4,096 bytes of a chatty one', () => {
  const messages = Array.from({ length: 5_000 }, (_, n) => `line ${n}`);
  expect(tailOf(messages)).toBe(`${messages.join('\n')}\n`.slice(-4_096));
});

test('the tail begins with a whole character', () => {
  expect(tailOf([`${'🔥'.repeat(5_000)}x`])).toBe(`${'🔥'.repeat(1_023)}x\n`);
});

test('the level of an application line is in its JSON, INFO where there is none', () => {
  expect(applicationLevelOf('{"level":"error","message":"x"}')).toBe('ERROR');
  expect(applicationLevelOf('{"level":"loud"}')).toBe('INFO');
  expect(applicationLevelOf('{"level":3}')).toBe('INFO');
  expect(applicationLevelOf('{"level":"ERROR"')).toBe('INFO');
  expect(applicationLevelOf('ERROR it says')).toBe('INFO');
});

test('a level keeps itself and what is more severe', () => {
  expect(reachesLevel('WARN', 'WARN')).toBe(true);
  expect(reachesLevel('FATAL', 'WARN')).toBe(true);
  expect(reachesLevel('INFO', 'WARN')).toBe(false);
});
