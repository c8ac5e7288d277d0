import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decideAdmission } from './admission.ts';
import { decideCapacity, machineLimits } from './capacity.ts';

const free = {
  functionInFlight: 0,
  unreservedInFlight: 0,
  provisioned: 0,
  allottedTotal: 0,
  accountConcurrency: 1_000,
};

test('a function with reserved concurrency runs as many as it has, whatever the others do', () => {
  const use = { ...free, reserved: 2, allottedTotal: 2, unreservedInFlight: 998 };
  expect(decideAdmission({ ...use, functionInFlight: 1 })).toBeUndefined();
  expect(decideAdmission({ ...use, functionInFlight: 2 })).toBe(
    'ReservedFunctionConcurrentInvocationLimitExceeded',
  );
});

test('reserved concurrency of zero refuses everything', () => {
  expect(decideAdmission({ ...free, reserved: 0 })).toBe('ReservedFunctionConcurrentInvocationLimitExceeded');
});

test('the others share what is not reserved', () => {
  const use = { ...free, allottedTotal: 900 };
  expect(decideAdmission({ ...use, unreservedInFlight: 99 })).toBeUndefined();
  expect(decideAdmission({ ...use, unreservedInFlight: 100 })).toBe('ConcurrentInvocationLimitExceeded');
});

const limits = { ...machineLimits, environments: 10, memoryBytes: 1_000, waiting: 3 };
const use = fc.record({
  liveEnvironments: fc.nat(12),
  usedBytes: fc.nat(1_200),
  neededBytes: fc.nat(400),
  hasIdle: fc.boolean(),
  waiting: fc.nat(4),
});

test('the machine is never overbooked, except by the only environment there is', () => {
  fc.assert(
    fc.property(use, (now) => {
      const fits = now.liveEnvironments < 10 && now.usedBytes + now.neededBytes <= 1_000;
      const decision = decideCapacity(now, limits);
      if (decision === 'start') expect(fits || now.liveEnvironments === 0).toBe(true);
      if (fits) expect(decision).toBe('start');
    }),
  );
});

test('something idle makes room before anybody waits, and nobody is refused while there is a place to wait', () => {
  fc.assert(
    fc.property(use, (now) => {
      const decision = decideCapacity(now, limits);
      if (decision === 'evict') expect(now.hasIdle).toBe(true);
      if (decision === 'wait' || decision === 'refuse') expect(now.hasIdle).toBe(false);
      if (decision === 'refuse') expect(now.waiting).toBeGreaterThanOrEqual(3);
    }),
  );
});
