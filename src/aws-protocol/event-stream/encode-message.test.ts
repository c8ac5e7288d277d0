import { EventStreamCodec } from '@smithy/core/event-streams';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeEvent } from './encode-message.ts';

const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8')),
  (text) => Buffer.from(text),
);

test('the decoder of the AWS SDK for JavaScript reads every message, both checksums included', () => {
  const parts = fc.record({
    eventType: fc.string({ minLength: 1, maxLength: 255, unit: 'grapheme-ascii' }),
    contentType: fc.string({ minLength: 1, maxLength: 255, unit: 'grapheme' }),
    payload: fc.uint8Array({ maxLength: 70_000 }),
  });
  fc.assert(
    fc.property(parts, (event) => {
      const { headers, body } = codec.decode(encodeEvent(event));
      expect(headers).toEqual({
        ':event-type': { type: 'string', value: event.eventType },
        ':content-type': { type: 'string', value: event.contentType },
        ':message-type': { type: 'string', value: 'event' },
      });
      expect(Buffer.from(body).equals(Buffer.from(event.payload))).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test('one bit that turned over is noticed, wherever it is', () => {
  const message = encodeEvent({ eventType: 'e', contentType: 'c', payload: Buffer.from('payload') });
  for (let at = 0; at < message.length; at++) {
    const broken = Buffer.from(message);
    broken[at] = (broken[at] ?? 0) ^ 1;
    expect(() => codec.decode(broken)).toThrow();
  }
});
