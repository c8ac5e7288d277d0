import { expect, test } from 'vitest';
import { deferred } from '../../base/index.ts';
import { Turns } from './turns.ts';

test('runs as much at once as allowed, the rest in the order of asking, and goes on after a failure', async () => {
  const turns = new Turns(2);
  const pieces = [0, 1, 2, 3].map(() => ({ begun: deferred(), gate: deferred() }));
  const started: number[] = [];
  const work = pieces.map(({ begun, gate }, index) =>
    turns.run(async () => {
      started.push(index);
      begun.resolve();
      await gate.promise;
    }),
  );
  await pieces[1]?.begun.promise;
  expect(started).toEqual([0, 1]);
  pieces[1]?.gate.reject(new Error('failed'));
  await expect(work[1]).rejects.toThrow('failed');
  await pieces[2]?.begun.promise;
  expect(started).toEqual([0, 1, 2]);
  pieces[2]?.gate.resolve();
  await pieces[3]?.begun.promise;
  expect(started).toEqual([0, 1, 2, 3]);
  for (const { gate } of pieces) gate.resolve();
  await Promise.all([work[0], work[2], work[3]]);
});
