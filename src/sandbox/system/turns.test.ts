import { expect, test } from 'vitest';
import { deferred } from '../../base/index.ts';
import { Turns } from './turns.ts';

test('runs as much at once as allowed, the rest in the order of asking, and goes on after a failure', async () => {
  const turns = new Turns(2);
  const gates = [deferred(), deferred(), deferred(), deferred()];
  const started: number[] = [];
  const work = gates.map((gate, index) =>
    turns.run(async () => {
      started.push(index);
      await gate.promise;
    }),
  );
  await Promise.resolve();
  expect(started).toEqual([0, 1]);
  gates[1]?.reject(new Error('failed'));
  await expect(work[1]).rejects.toThrow('failed');
  expect(started).toEqual([0, 1, 2]);
  gates[2]?.resolve();
  await work[2];
  expect(started).toEqual([0, 1, 2, 3]);
  gates[0]?.resolve();
  gates[3]?.resolve();
  await Promise.all([work[0], work[3]]);
});
