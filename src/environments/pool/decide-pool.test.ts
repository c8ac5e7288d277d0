import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decidePoolStep, leastMissed, type ShapeDemand, wantedOf } from './decide-pool.ts';

const MINUTE = 60_000;
const limits = { perShape: 4, total: 6 };

function shape(kept: number, ...startsMs: number[]): ShapeDemand {
  return { kept, startsMs };
}

describe('how many are wanted', () => {
  const wanted = (...startsMs: number[]): number => wantedOf(shape(0, ...startsMs), 20 * MINUTE, 4);

  test('none before the first cold start, and none ten minutes after the last', () => {
    expect(wanted()).toBe(0);
    expect(wanted(10 * MINUTE)).toBe(0);
    expect(wanted(10 * MINUTE + 1)).toBe(1);
  });

  test('one for what is in use, as many as started within the last minute, never more than allowed', () => {
    expect(wanted(15 * MINUTE, 16 * MINUTE)).toBe(1);
    expect(wanted(19 * MINUTE + 1, 19 * MINUTE + 2, 20 * MINUTE)).toBe(3);
    expect(wanted(...Array.from({ length: 9 }, () => 20 * MINUTE))).toBe(4);
  });
});

describe('the next step', () => {
  test('nothing where nothing lacks', () => {
    expect(decidePoolStep([], 0, limits)).toBeUndefined();
    expect(decidePoolStep([shape(1, 0)], 0, limits)).toBeUndefined();
  });

  test('what lacks most is launched, the latest first among equals', () => {
    const [one, lacking, late] = [shape(0, 1), shape(0, 1, 2), shape(0, 3)];
    expect(decidePoolStep([one, lacking, late], 3, limits)).toEqual({ launch: lacking });
    expect(decidePoolStep([one, late], 3, limits)).toEqual({ launch: late });
  });

  test('what is too many goes first', () => {
    const surplus = shape(2, 1);
    expect(decidePoolStep([shape(0, 1), surplus], 1, limits)).toEqual({ discard: surplus });
  });

  test('what failed waits, and keeps no other waiting', () => {
    const failed = { ...shape(0, 1, 2, 3), notBeforeMs: 100 };
    expect(decidePoolStep([failed], 99, limits)).toBeUndefined();
    expect(decidePoolStep([failed, shape(0, 1)], 99, limits)).toEqual({ launch: shape(0, 1) });
    expect(decidePoolStep([failed], 100, limits)).toEqual({ launch: failed });
  });

  test('with every place taken, the kind in demand gets the place of the one asked for longest ago', () => {
    const [stale, busy] = [shape(3, 1, 2, 3), shape(3, 11, 12, 13)];
    const fresh = shape(0, 20);
    expect(decidePoolStep([busy, stale, fresh], 20, limits)).toEqual({ discard: stale });
    expect(leastMissed([busy, stale, fresh])).toBe(stale);
    expect(
      decidePoolStep([shape(6, 20, 21, 22, 23, 23, 23), shape(0, 10)], 23, { perShape: 6, total: 6 }),
    ).toBeUndefined();
  });

  test('done again and again it comes to rest, within the limits', () => {
    const demand = fc.record({
      kept: fc.nat(8),
      startsMs: fc.array(fc.nat(20 * MINUTE), { maxLength: 6 }).map((all) => all.toSorted((a, b) => a - b)),
    });
    fc.assert(
      fc.property(fc.array(demand, { maxLength: 6 }), (start) => {
        const shapes = start.map((one) => ({ ...one }));
        let steps = 0;
        for (let step = decidePoolStep(shapes, 20 * MINUTE, limits); step; steps++) {
          if ('launch' in step) step.launch.kept++;
          else step.discard.kept--;
          expect(steps).toBeLessThan(200);
          step = decidePoolStep(shapes, 20 * MINUTE, limits);
        }
        for (const one of shapes) expect(one.kept).toBeLessThanOrEqual(wantedOf(one, 20 * MINUTE, 4));
        expect(shapes.reduce((sum, { kept }) => sum + kept, 0)).toBeLessThanOrEqual(
          Math.max(
            limits.total,
            start.reduce((sum, { kept }) => sum + kept, 0),
          ),
        );
      }),
    );
  });
});
