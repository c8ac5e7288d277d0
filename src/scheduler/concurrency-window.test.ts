import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConcurrencyWindow } from './concurrency-window.ts';

/** Runs invocations that take `durationMs(busy)` while as many environments are busy as the window and the callers allow. */
function settle(durationMs: (busy: number) => number, callers = 16): ConcurrencyWindow {
  const window = new ConcurrencyWindow();
  for (let n = 0; n < 5_000; n++) {
    const busy = Math.min(callers, window.size ?? callers);
    window.observe(durationMs(busy), busy);
  }
  return window;
}

test('nothing is held back before a function is known', () => {
  expect(new ConcurrencyWindow().size).toBeUndefined();
});

test('invocations that queue for two cores end up in a few environments', () => {
  const size = settle((busy) => 0.05 * Math.max(1, busy / 2)).size ?? Infinity;
  expect(size).toBeGreaterThanOrEqual(2);
  expect(size).toBeLessThanOrEqual(6);
});

test('invocations that wait for something else run side by side', () => {
  expect(settle(() => 1).size).toBeGreaterThanOrEqual(12);
});

test('functions that take longer never take turns', () => {
  expect(settle((busy) => 3 * busy).size).toBeUndefined();
});

test('a function that becomes slow takes no more turns after one round', () => {
  const window = settle(() => 0.1);
  for (let n = 0; n < 64; n++) window.observe(500, 4);
  expect(window.size).toBeUndefined();
});

test('a wait in vain ends all turns until the function is known anew', () => {
  const window = settle(() => 0.1);
  window.forget();
  expect(window.size).toBeUndefined();
});

test('whatever is observed, whoever takes turns has at least two environments', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 4, noNaN: true }), { maxLength: 2_000 }), (durations) => {
      const window = new ConcurrencyWindow();
      for (const durationMs of durations) {
        window.observe(durationMs, 4);
        if (window.size !== undefined) expect(window.size).toBeGreaterThanOrEqual(2);
      }
    }),
  );
});
