import { expect, test } from 'vitest';
import { ManualClock } from './clock.ts';
import { PhaseTimes } from './phase-times.ts';

test('phases follow one another without gaps, also those told of later', () => {
  const clock = new ManualClock(0);
  const phases = new PhaseTimes(clock);
  clock.advance(5);
  phases.end('queue');
  clock.advance(20);
  phases.end('sandbox', 12);
  phases.end('runtime', 11);
  phases.end('init');
  expect(phases.all).toEqual([
    { name: 'queue', durationMs: 5 },
    { name: 'sandbox', durationMs: 7 },
    { name: 'runtime', durationMs: 0 },
    { name: 'init', durationMs: 13 },
  ]);
});
