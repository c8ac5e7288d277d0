import { expect, onTestFinished, test } from 'vitest';
import { testServices, testVersion } from '../../tests/support/environments.ts';
import type { FunctionLookup, InvocationTarget } from '../functions/index.ts';
import { awsError, type FunctionVersion } from '../model/index.ts';
import { machineLimits, Scheduler } from '../scheduler/index.ts';
import { FunctionInvoker, type InvocationOutcome } from './index.ts';

interface Harness {
  readonly invoke: (event?: string, tail?: boolean) => Promise<InvocationOutcome>;
  readonly retire: (deploymentId: string) => void;
  readonly scheduler: Scheduler;
}

/** An invoker over real processes; what the lookup answers is the test's. */
function setUp(answers: {
  readonly resolve: FunctionLookup['resolve'];
  readonly reservedTotal?: FunctionLookup['reservedTotal'];
}): Harness {
  const { services } = testServices();
  const scheduler = new Scheduler({ services, machine: machineLimits });
  onTestFinished(() => scheduler.close());
  let retire: (deploymentId: string) => void = () => expect.unreachable();
  const lookup: FunctionLookup = {
    resolve: answers.resolve,
    reservedTotal: answers.reservedTotal ?? (() => 0),
    directories: () => Promise.reject(new Error('not asked for')),
    onRetired: (listener) => (retire = listener),
    invalidate: () => undefined,
  };
  const invoker = new FunctionInvoker({ lookup, scheduler });
  const address = { account: '000000000000', region: 'us-east-1', name: 'fn' };
  return {
    scheduler,
    retire: (deploymentId) => retire(deploymentId),
    invoke: (event = '{}', tail = false) =>
      invoker.invoke({ address, requestId: 'request', payload: Buffer.from(event), tail }),
  };
}

function targetOf(changes: Partial<FunctionVersion> = {}): InvocationTarget {
  return { version: testVersion(changes), invokedFunctionArn: 'arn:as:called' };
}

test('answers with the payload and the version that ran', async () => {
  const { invoke } = setUp({ resolve: () => target });
  const target = targetOf({ version: '7' });
  const outcome = await invoke('{"a":1}');
  expect(Buffer.from(outcome.payload).toString()).toBe('{"a":1}');
  expect(outcome).toMatchObject({ executedVersion: '7' });
  expect(outcome.functionError).toBeUndefined();
});

test('the function is told the ARN as it was called', async () => {
  const { invoke } = setUp({ resolve: () => target });
  const target = targetOf();
  const { payload } = await invoke('{"do":"headers"}');
  expect(JSON.parse(Buffer.from(payload).toString())).toMatchObject({
    'lambda-runtime-invoked-function-arn': 'arn:as:called',
  });
});

test('a lookup that must read the store first is waited for', async () => {
  const target = targetOf();
  const { invoke } = setUp({ resolve: async () => target, reservedTotal: async () => 0 });
  expect(Buffer.from((await invoke('2')).payload).toString()).toBe('2');
});

test('a lookup that refuses, at once or later, rejects the invocation', async () => {
  const missing = awsError('ResourceNotFoundException', 'Function not found: arn');
  const thrown = setUp({
    resolve: () => {
      throw missing;
    },
  });
  await expect(thrown.invoke()).rejects.toBe(missing);
  const rejected = setUp({ resolve: () => Promise.reject(missing) });
  await expect(rejected.invoke()).rejects.toBe(missing);
});

test.each(['Pending', 'Failed', 'Inactive'] as const)('a function that is %s does not run', async (state) => {
  const { invoke, scheduler } = setUp({ resolve: () => targetOf({ state }) });
  await expect(invoke()).rejects.toMatchObject({
    code: 'ResourceConflictException',
    status: 409,
    message: `The operation cannot be performed at this time. The function is currently in the following state: ${state}`,
  });
  expect(scheduler.environments).toEqual([]);
});

test('a function whose update is in progress runs', async () => {
  const target = targetOf({ lastUpdateStatus: 'InProgress' });
  const { invoke } = setUp({ resolve: () => target });
  expect((await invoke()).functionError).toBeUndefined();
});

test('the tail comes with the outcome where asked for', async () => {
  const target = targetOf();
  const { invoke } = setUp({ resolve: () => target });
  expect((await invoke('{}', true)).logTail?.toString()).toMatch(/^START [\s\S]*REPORT .*\n$/);
  expect((await invoke('{}', false)).logTail).toBeUndefined();
});

test('a deployment that the lookup retires loses its environments', async () => {
  const target = targetOf();
  const { invoke, retire, scheduler } = setUp({ resolve: () => target });
  await invoke('{}', true);
  expect(scheduler.environments).toHaveLength(1);
  retire(target.version.deploymentId);
  expect(scheduler.environments).toEqual([]);
});
