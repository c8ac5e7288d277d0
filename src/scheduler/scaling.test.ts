import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decideAdmission } from './admission.ts';
import { leastUseful, usefulness } from './eviction.ts';
import { ArrivalHistory, decideKeepAlive, keepAliveBounds, noPauses, withPause } from './keep-alive.ts';
import { takeToken, type BucketState } from './token-bucket.ts';

const counts = fc.record({
  functionInFlight: fc.nat(50),
  unreservedInFlight: fc.nat(50),
  provisioned: fc.nat(50),
  allottedTotal: fc.nat(50),
  accountConcurrency: fc.nat(60),
});

test('a reservation leaves on-demand invocations what is not provisioned of it, and never asks the account', () => {
  fc.assert(
    fc.property(counts, fc.nat(50), (use, reserved) => {
      const admitted = decideAdmission({ ...use, reserved }) === undefined;
      expect(admitted).toBe(use.functionInFlight + use.provisioned < reserved);
    }),
  );
});

test('functions without a reservation share what is neither reserved nor provisioned', () => {
  fc.assert(
    fc.property(counts, (use) => {
      const admitted = decideAdmission(use) === undefined;
      expect(admitted).toBe(use.unreservedInFlight + use.allottedTotal < use.accountConcurrency);
    }),
  );
});

test('a bucket never gives more than its capacity and what has flowed in since', () => {
  const gaps = fc.array(fc.nat(500), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(
      gaps,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 50 }),
      (steps, capacity, perSecond) => {
        let state: BucketState | undefined;
        let [nowMs, taken] = [0, 0];
        for (const step of steps) {
          nowMs += step;
          const next = takeToken(state, { capacity, perSecond }, nowMs);
          if (next) [state, taken] = [next, taken + 1];
        }
        expect(taken).toBeLessThanOrEqual(capacity + (nowMs * perSecond) / 1_000);
        if (steps.length <= capacity) expect(taken).toBe(steps.length);
      },
    ),
  );
});

test('what is not used of a bucket does not accrue', () => {
  const rule = { capacity: 2, perSecond: 1 };
  let state = takeToken(undefined, rule, 0);
  state = takeToken(state, rule, 3_600_000);
  state = takeToken(state, rule, 3_600_000);
  expect(takeToken(state, rule, 3_600_000)).toBeUndefined();
  expect(takeToken(state, rule, 3_601_000)).toBeDefined();
});

const pauses = fc.array(fc.integer({ min: 1_000, max: 100_000_000 }), { maxLength: 300 });

test('however arrivals come, an environment is kept between the least and the most', () => {
  fc.assert(
    fc.property(pauses, (seen) => {
      const keepMs = decideKeepAlive(seen.reduce(withPause, noPauses), keepAliveBounds);
      expect(keepMs).toBeGreaterThanOrEqual(keepAliveBounds.leastMs);
      expect(keepMs).toBeLessThanOrEqual(keepAliveBounds.mostMs);
    }),
  );
});

test('nothing is learned from a few pauses, nor from short ones', () => {
  const history = new ArrivalHistory(keepAliveBounds);
  for (let time = 0; time < 100; time++) history.paused(999);
  for (let time = 0; time < 3; time++) history.paused(5_000);
  expect(history.keepAliveMs).toBe(keepAliveBounds.usualMs);
});

test('a function that comes every 20 minutes is kept until the next time; an hourly one is too', () => {
  const every = (ms: number): number =>
    decideKeepAlive(Array.from({ length: 6 }, () => ms).reduce(withPause, noPauses), keepAliveBounds);
  expect(every(1_200_000)).toBeGreaterThan(1_200_000);
  expect(every(3_400_000)).toBe(keepAliveBounds.leastMs);
  expect(every(5_000)).toBe(keepAliveBounds.leastMs);
  expect(every(86_400_000)).toBe(keepAliveBounds.leastMs);
});

test('a function that changes its ways is understood within a day of hourly calls', () => {
  let seen = noPauses;
  for (let time = 0; time < 1_000; time++) seen = withPause(seen, 86_400_000);
  for (let time = 0; time < 64; time++) seen = withPause(seen, 600_000);
  expect(decideKeepAlive(seen, keepAliveBounds)).toBeGreaterThan(600_000);
});

const candidate = fc.record({
  idleMs: fc.nat(1_000_000),
  keepAliveMs: fc.integer({ min: 60_000, max: 3_600_000 }),
  initMs: fc.nat(20_000),
  bytes: fc.integer({ min: 1, max: 1_000_000_000 }),
});

test('of idle environments the least useful goes, and of none nothing', () => {
  fc.assert(
    fc.property(fc.array(candidate), (all) => {
      const least = leastUseful(all);
      expect(least === undefined).toBe(all.length === 0);
      if (!least) return;
      for (const one of all) expect(usefulness(least)).toBeLessThanOrEqual(usefulness(one));
    }),
  );
});

test.each([
  ['the one that is idle for longer', { idleMs: 300_000 }],
  ['the one that is kept less long', { keepAliveMs: 120_000 }],
  ['the one that comes back quicker', { initMs: 100 }],
  ['the one that must initialise again anyway', { initMs: 0 }],
  ['the larger one', { bytes: 900_000_000 }],
])('between two that are otherwise equal: %s', (_, change) => {
  const other = { idleMs: 60_000, keepAliveMs: 600_000, initMs: 2_000, bytes: 40_000_000 };
  const less = { ...other, ...change };
  expect(leastUseful([other, less])).toBe(less);
  expect(leastUseful([less, other])).toBe(less);
});
