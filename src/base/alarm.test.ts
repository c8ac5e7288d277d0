import { expect, test } from 'vitest';
import { Alarm } from './alarm.ts';
import { ManualClock } from './clock.ts';

function setUp(): { clock: ManualClock; alarm: Alarm; rings: number[] } {
  const clock = new ManualClock(0);
  const rings: number[] = [];
  return { clock, rings, alarm: new Alarm(clock, () => rings.push(clock.nowMs())) };
}

test('rings once when due', () => {
  const { clock, alarm, rings } = setUp();
  alarm.set(100);
  clock.advance(99);
  expect(rings).toEqual([]);
  clock.advance(1_000);
  expect(rings).toEqual([100]);
});

test('rings at the last time it was set to, later or earlier', () => {
  const { clock, alarm, rings } = setUp();
  alarm.set(100);
  alarm.set(300);
  clock.advance(200);
  expect(rings).toEqual([]);
  alarm.set(50);
  clock.advance(1_000);
  expect(rings).toEqual([250]);
});

test('does not ring once cleared, and can be set again', () => {
  const { clock, alarm, rings } = setUp();
  alarm.set(100);
  alarm.clear();
  clock.advance(150);
  alarm.set(100);
  clock.advance(200);
  expect(rings).toEqual([250]);
});

test('does not ring after close', () => {
  const { clock, alarm, rings } = setUp();
  alarm.set(100);
  alarm.close();
  clock.advance(200);
  expect(rings).toEqual([]);
});
