import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  acceptsInvocation,
  type LifeEvent,
  type LifeState,
  lifeEvents,
  lifeStates,
  nextLifeState,
} from './lifecycle.ts';

/** The states that a sequence of events leads through; what is refused changes nothing. */
function walk(
  sequence: readonly LifeEvent[],
): { readonly event: LifeEvent; readonly from: LifeState; readonly to: LifeState }[] {
  let from: LifeState = 'new';
  return sequence.flatMap((event) => {
    const to = nextLifeState(from, event);
    if (!to) return [];
    const step = { event, from, to };
    from = to;
    return [step];
  });
}

const sequences = fc.array(fc.constantFrom(...lifeEvents), { maxLength: 200 });

test('between two invocations there is always an end of the first', () => {
  fc.assert(
    fc.property(sequences, (sequence) => {
      let busy = false;
      for (const { event } of walk(sequence)) {
        if (event === 'invoke') expect(busy).toBe(false);
        if (event === 'invoke') busy = true;
        if (event === 'finish' || event === 'ended' || event === 'close') busy = false;
      }
    }),
  );
});

test('nothing runs after a failure until it was started again', () => {
  fc.assert(
    fc.property(sequences, (sequence) => {
      let startedSince = true;
      for (const { event } of walk(sequence)) {
        if (event === 'fail') startedSince = false;
        if (event === 'start') startedSince = true;
        if (event === 'invoke' || event === 'freeze') expect(startedSince).toBe(true);
      }
    }),
  );
});

test('nothing comes after closed, and every state can be closed', () => {
  fc.assert(
    fc.property(sequences, (sequence) => {
      const steps = walk([...sequence, 'close']);
      const closedAt = steps.findIndex(({ to }) => to === 'closed');
      expect(closedAt).toBeGreaterThanOrEqual(0);
      expect(steps.slice(closedAt).every(({ to }) => to === 'closed')).toBe(true);
    }),
  );
});

test('an environment that takes an invocation can either run it or start for it', () => {
  for (const state of lifeStates) {
    const able = nextLifeState(state, 'invoke') !== undefined || nextLifeState(state, 'start') !== undefined;
    expect(acceptsInvocation(state)).toBe(able);
  }
});
