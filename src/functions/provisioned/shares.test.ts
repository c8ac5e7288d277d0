import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decideShares } from './shares.ts';

const alias = { name: 'live', description: '', revisionId: 'r' };

test('an alias of one version gives it everything, one of $LATEST nothing', () => {
  expect(decideShares({ ...alias, version: '3' }, 5)).toEqual([{ version: '3', count: 5 }]);
  expect(decideShares({ ...alias, version: '$LATEST' }, 5)).toEqual([]);
});

test('the shares of a weighted alias are what was asked for, near its weights, and nobody with a weight has none', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 5_000 }),
      fc.double({ min: 0.0001, max: 0.9999, noNaN: true }),
      (requested, weight) => {
        const routing = { version: '2', weight };
        const shares = decideShares({ ...alias, version: '1', routing }, requested);
        expect(shares.map(({ version }) => version)).toEqual(['1', '2']);
        expect(shares.reduce((sum, { count }) => sum + count, 0)).toBe(requested);
        for (const { count } of shares) expect(count).toBeGreaterThan(0);
        expect(Math.abs((shares[1]?.count ?? 0) - requested * weight)).toBeLessThanOrEqual(1);
      },
    ),
  );
});

test('a weight of nothing or of everything leaves one version', () => {
  const of = (weight: number) =>
    decideShares({ ...alias, version: '1', routing: { version: '2', weight } }, 4);
  expect(of(0)).toEqual([{ version: '1', count: 4 }]);
  expect(of(1)).toEqual([{ version: '2', count: 4 }]);
});
