import { expect, test } from 'vitest';
import { ManualClock } from '../../base/index.ts';
import { type Bandwidth, BandwidthBucket } from './bandwidth.ts';
import { ResponseRelay } from './response-relay.ts';

const bandwidth: Bandwidth = { burstBytes: 6_291_456, bytesPerSecond: 2_097_152 };

interface Harness {
  readonly relay: ResponseRelay;
  readonly clock: ManualClock;
  readonly reader: { hasRoom: boolean; bytes: number; resume: () => void };
  readonly resumed: () => number;
}

function open(): Harness {
  const clock = new ManualClock();
  const reader = { hasRoom: true, bytes: 0, resume: (): void => undefined };
  const stream = {
    open: (_head: unknown, resume: () => void) => (reader.resume = resume),
    write: (bytes: Buffer) => {
      reader.bytes += bytes.length;
      return reader.hasRoom;
    },
  };
  const relay = new ResponseRelay(stream, { executedVersion: '1', clock, bandwidth });
  let times = 0;
  relay.open({}, () => times++);
  return { relay, clock, reader, resumed: () => times };
}

test('the first 6 MB go at once, what comes after them waits for its share of a second', () => {
  const { relay, clock, resumed, reader } = open();
  expect(relay.write(Buffer.alloc(6_291_456))).toBe(true);
  expect(relay.write(Buffer.alloc(2_097_152))).toBe(false);
  expect(reader.bytes).toBe(8_388_608);
  clock.advance(999);
  expect(resumed()).toBe(0);
  clock.advance(1);
  expect(resumed()).toBe(1);
  expect(relay.write(Buffer.alloc(1))).toBe(false);
});

test('time without writing gives back what was used, up to the first 6 MB', () => {
  const bucket = new BandwidthBucket(bandwidth, 0);
  expect(bucket.take(6_291_456, 0)).toBe(0);
  expect(bucket.take(2_097_152, 1_000)).toBe(0);
  expect(bucket.take(6_291_456 + 2_097_152, 1_000_000)).toBe(1_000);
});

test('it goes on when both the reader and the bandwidth allow it', () => {
  const { relay, clock, reader, resumed } = open();
  reader.hasRoom = false;
  expect(relay.write(Buffer.alloc(6_291_456 + 2_097_152))).toBe(false);
  clock.advance(1_000);
  expect(resumed()).toBe(0);
  reader.resume();
  expect(resumed()).toBe(1);

  expect(relay.write(Buffer.alloc(2_097_152))).toBe(false);
  reader.resume();
  expect(resumed()).toBe(1);
  clock.advance(1_000);
  expect(resumed()).toBe(2);
});

test('nothing is resumed once the response is over', () => {
  const { relay, clock, reader, resumed } = open();
  relay.write(Buffer.alloc(10_000_000));
  relay.close();
  clock.advance(1_000_000);
  reader.resume();
  expect(resumed()).toBe(0);
});
