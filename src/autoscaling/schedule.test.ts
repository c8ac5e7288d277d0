import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvalidSchedule, nextRunMs } from './index.ts';

const at = (text: string): number => Date.parse(text);
const from = at('2026-03-01T00:00:00Z');

function runs(schedule: string, count: number, timezone?: string): string[] {
  const found: string[] = [];
  for (let after: number | undefined = from; after !== undefined && found.length < count; ) {
    after = nextRunMs({ schedule, timezone }, after, from);
    if (after !== undefined) found.push(new Date(after).toISOString().replace(':00.000Z', 'Z'));
  }
  return found;
}

test.each<[string, string[]]>([
  ['cron(0 9 * * ? *)', ['2026-03-01T09:00Z', '2026-03-02T09:00Z']],
  ['cron(0 9 ? * MON-FRI *)', ['2026-03-02T09:00Z', '2026-03-03T09:00Z']],
  ['cron(0 9 ? * 2-6 *)', ['2026-03-02T09:00Z', '2026-03-03T09:00Z']],
  ['cron(0 9 ? * 1 *)', ['2026-03-01T09:00Z', '2026-03-08T09:00Z']],
  ['cron(5/20 8 * * ? *)', ['2026-03-01T08:05Z', '2026-03-01T08:25Z', '2026-03-01T08:45Z']],
  ['cron(15,45 0 1 * ? *)', ['2026-03-01T00:15Z', '2026-03-01T00:45Z', '2026-04-01T00:15Z']],
  ['cron(0 18 L * ? *)', ['2026-03-31T18:00Z', '2026-04-30T18:00Z']],
  ['cron(0 18 ? * L *)', ['2026-03-07T18:00Z', '2026-03-14T18:00Z']],
  ['cron(0 18 ? * 6L *)', ['2026-03-27T18:00Z', '2026-04-24T18:00Z']],
  ['cron(0 18 ? * 6#3 *)', ['2026-03-20T18:00Z', '2026-04-17T18:00Z']],
  ['cron(0 8 15W * ? *)', ['2026-03-16T08:00Z', '2026-04-15T08:00Z']],
  ['cron(0 0 29 2 ? 2028)', ['2028-02-29T00:00Z']],
  ['rate(1 minute)', ['2026-03-01T00:01Z', '2026-03-01T00:02Z']],
  ['rate(12 hours)', ['2026-03-01T12:00Z', '2026-03-02T00:00Z']],
  ['at(2026-06-01T08:30:00)', ['2026-06-01T08:30Z']],
  ['at(2020-01-01T00:00:00)', []],
])('%s', (schedule, expected) => {
  const count = expected.length + (expected.length < 2 ? 1 : 0);
  expect(runs(schedule, count)).toEqual(expected);
});

test('a time zone moves them, through the change of its clocks', () => {
  const [winter, summer] = ['2026-03-28T08:00Z', '2026-03-29T07:00Z'];
  expect(runs('cron(0 9 28,29 3 ? *)', 2, 'Europe/Berlin')).toEqual([winter, summer]);
  expect(runs('at(2026-03-28T09:00:00)', 1, 'Europe/Berlin')).toEqual([winter]);
  expect(runs('at(2026-03-29T09:00:00)', 1, 'Europe/Berlin')).toEqual([summer]);
});

test.each([
  'cron(0 9 * * ?)',
  'cron(0 9 * * * *)',
  'cron(0 9 ? * ? *)',
  'cron(61 9 * * ? *)',
  'cron(0 0 9 * * ? *)',
  'cron(x 9 * * ? *)',
  'rate(0 minutes)',
  'rate(1 second)',
  'at(tomorrow)',
  'at(2026-13-01T00:00:00)',
  'every day',
])('%s is no schedule', (schedule) => {
  expect(() => nextRunMs({ schedule }, from, from)).toThrow(InvalidSchedule);
  expect(() => nextRunMs({ schedule: 'rate(1 day)', timezone: 'Mars/Olympus' }, from, from)).toThrow(
    InvalidSchedule,
  );
});

test('start and end bound the runs, and a run exactly at the start counts', () => {
  const schedule = 'cron(0 * * * ? *)';
  const [startMs, endMs] = [at('2026-03-05T10:00:00Z'), at('2026-03-05T11:30:00Z')];
  const next = (after: number) => nextRunMs({ schedule, startMs, endMs }, after, from);
  expect(next(from)).toBe(startMs);
  expect(next(startMs)).toBe(at('2026-03-05T11:00:00Z'));
  expect(next(at('2026-03-05T11:00:00Z'))).toBeUndefined();
  expect(nextRunMs({ schedule: 'rate(1 day)', startMs }, from, from)).toBe(startMs);
});

test('whatever the rate, the next run is after now, no more than one period away, and a whole number of them from the origin', () => {
  const day = 86_400_000;
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.nat(1_000 * day), (hours, passed) => {
      const next = nextRunMs({ schedule: `rate(${hours} hours)` }, from + passed, from) ?? 0;
      expect(next).toBeGreaterThan(from + passed);
      expect(next).toBeLessThanOrEqual(from + passed + hours * 3_600_000);
      expect((next - from) % (hours * 3_600_000)).toBe(0);
    }),
  );
});

test('a day that never comes is looked for in vain, and not for long', () => {
  expect(runs('cron(0 0 30 2 ? *)', 1)).toEqual([]);
});
