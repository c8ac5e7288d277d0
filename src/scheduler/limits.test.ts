import { expect, onTestFinished, test } from 'vitest';
import { testServices, testVersion } from '../../tests/support/environments.ts';
import { ManualClock } from '../base/index.ts';
import type { EnvironmentOutcome } from '../environments/index.ts';
import type { FunctionVersion } from '../model/index.ts';
import { type MachineLimits, machineLimits, Scheduler, type StartedAhead } from './index.ts';

interface Wanted {
  readonly event?: unknown;
  readonly reserved?: number;
  readonly provisioned?: number;
  readonly tenantId?: string;
}

/** A scheduler whose clock of rates stands still where it is a manual one. */
function setUp(
  options: {
    readonly machine?: Partial<MachineLimits>;
    readonly accountConcurrency?: number;
    readonly frozen?: boolean;
  } = {},
) {
  const { services, sandboxes, logs } = testServices();
  const scheduler = new Scheduler({
    services: options.frozen ? { ...services, clock: new ManualClock() } : services,
    machine: { ...machineLimits, ...options.machine },
    accountConcurrency: options.accountConcurrency,
  });
  onTestFinished(async () => {
    await scheduler.reset();
    await scheduler.close();
    expect(sandboxes.live.size).toBe(0);
  });
  let requests = 0;
  const run = async (version: FunctionVersion, wanted: Wanted = {}): Promise<unknown> => {
    const payload = Buffer.from(JSON.stringify(wanted.event ?? { do: 'count' }));
    const { reserved, provisioned, tenantId } = wanted;
    const outcome = await new Promise<EnvironmentOutcome>((resolve, reject) =>
      scheduler.invoke(
        {
          target: {
            version,
            invokedFunctionArn: 'arn',
            ...(reserved === undefined ? {} : { reservedConcurrency: reserved }),
            ...(provisioned === undefined ? {} : { provisionedConcurrency: provisioned }),
          },
          reservedTotal: reserved ?? provisioned ?? 0,
          invocation: {
            requestId: `r-${++requests}`,
            invokedFunctionArn: 'arn',
            payload,
            tail: false,
            ...(tenantId === undefined ? {} : { tenantId }),
          },
        },
        { resolve, reject },
      ),
    );
    return JSON.parse(Buffer.from(outcome.payload).toString());
  };
  const ahead = async (version: FunctionVersion): Promise<Extract<StartedAhead, { kind: 'started' }>> => {
    const started = await scheduler.startAhead(version, () => undefined);
    if (started.kind !== 'started') throw new Error(started.kind);
    return started;
  };
  return { scheduler, run, ahead, sandboxes, logs };
}

const throttledBy = (Reason: string): object => ({ status: 429, members: { Reason } });

test('tenants of a function share no environment, and each keeps its own', async () => {
  const { run, sandboxes } = setUp();
  const version = testVersion({ tenantIsolation: 'PER_TENANT' });
  for (const count of [1, 2]) {
    expect(await run(version, { tenantId: 'a' })).toEqual({ count, starts: 1 });
    expect(await run(version, { tenantId: 'b' })).toEqual({ count, starts: 1 });
  }
  expect(sandboxes.started).toBe(2);
});

test('the runtime is told the tenant', async () => {
  const { run } = setUp();
  const version = testVersion({ tenantIsolation: 'PER_TENANT' });
  const headers = await run(version, { tenantId: 'blue/1', event: { do: 'headers' } });
  expect(headers).toMatchObject({ 'lambda-runtime-aws-tenant-id': 'blue/1' });
  expect(await run(testVersion(), { event: { do: 'headers' } })).not.toHaveProperty([
    'lambda-runtime-aws-tenant-id',
  ]);
});

test('a retired deployment loses the environments of all its tenants', async () => {
  const { run, scheduler, sandboxes } = setUp();
  const version = testVersion({ tenantIsolation: 'PER_TENANT' });
  for (const tenantId of ['a', 'b', 'c']) await run(version, { tenantId });
  scheduler.retire(version.deploymentId);
  while (sandboxes.live.size > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(scheduler.environments).toEqual([]);
});

test('isolated tenants have 2.5 environments for each of the account’s concurrent executions', async () => {
  const { run } = setUp({ accountConcurrency: 2 });
  const version = testVersion({ tenantIsolation: 'PER_TENANT' });
  for (const tenantId of ['a', 'b', 'c', 'd', 'e']) await run(version, { tenantId });
  await expect(run(version, { tenantId: 'f' })).rejects.toMatchObject(
    throttledBy('ConcurrentInvocationLimitExceeded'),
  );
  expect(await run(version, { tenantId: 'a' })).toEqual({ count: 2, starts: 1 });
});

test('an environment that was started ahead is initialised, and serves once it is released', async () => {
  const { run, ahead, sandboxes, logs, scheduler } = setUp();
  const version = testVersion();
  const started = await ahead(version);
  expect(sandboxes.started).toBe(1);
  expect(logs.lines).toContainEqual(
    expect.stringMatching(/^INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: success$/),
  );
  await run(version);
  expect(sandboxes.started).toBe(2);
  started.release();
  expect(await run(version)).toEqual({ count: 1, starts: 1 });
  expect(sandboxes.started).toBe(2);
  // REPORT is written after the answer.
  while (scheduler.environments.some(({ state }) => state === 'finishing'))
    await new Promise((resolve) => setImmediate(resolve));
  expect(
    logs.lines.filter((line) => line.startsWith('REPORT') && line.includes('Init Duration')),
  ).toHaveLength(1);
});

test('provisioned environments stand beside the account’s limit, and beyond them it applies', async () => {
  const { run, ahead } = setUp({ accountConcurrency: 2 });
  const version = testVersion();
  (await ahead(version)).release();
  const waits = { event: { do: 'wait', ms: 200 }, provisioned: 1 };
  const running = [run(version, waits), run(version, waits)];
  await expect(run(version, waits)).rejects.toMatchObject(throttledBy('ConcurrentInvocationLimitExceeded'));
  await Promise.all(running);
});

test('where all that is reserved is provisioned, another version is throttled and the provisioned one runs', async () => {
  const { run, ahead } = setUp();
  const [version, latest] = [testVersion({ version: '1' }), testVersion()];
  (await ahead(version)).release();
  const wanted = { reserved: 1, provisioned: 1 };
  for (const count of [1, 2, 3]) expect(await run(version, wanted)).toEqual({ count, starts: 1 });
  await expect(run(latest, wanted)).rejects.toMatchObject(
    throttledBy('ReservedFunctionConcurrentInvocationLimitExceeded'),
  );
});

test('provisioned environments may take three quarters of the machine, and no more', async () => {
  const { run, ahead, scheduler, sandboxes } = setUp({ machine: { environments: 4 } });
  const [one, other] = [testVersion({ name: 'one' }), testVersion({ name: 'other' })];
  await run(other);
  for (let count = 1; count <= 3; count++) await ahead(one);
  expect(sandboxes.live.size).toBe(4);
  expect(await scheduler.startAhead(one, () => undefined)).toEqual({ kind: 'no-room' });
  expect(await run(other)).toEqual({ count: 2, starts: 1 });
});

test('an environment ahead whose code does not load says so and leaves nothing', async () => {
  const { scheduler } = setUp();
  const version = testVersion({ environment: { INIT_PLAN: 'exit,exit' } });
  expect(await scheduler.startAhead(version, () => undefined)).toEqual({ kind: 'init-failed' });
  expect(scheduler.environments).toEqual([]);
});

test('one that crashes in an invocation is told of, rather than initialised within the next', async () => {
  const { scheduler, run } = setUp();
  const version = testVersion();
  const gone = Promise.withResolvers<boolean>();
  const started = await scheduler.startAhead(version, gone.resolve);
  if (started.kind === 'started') started.release();
  await run(version, { event: { do: 'exit', code: 1 } });
  expect(await gone.promise).toBe(true);
});

test('ten requests a second for each reserved environment', async () => {
  const { run } = setUp({ frozen: true });
  const version = testVersion();
  for (let count = 1; count <= 10; count++) await run(version, { reserved: 1 });
  await expect(run(version, { reserved: 1 })).rejects.toMatchObject(
    throttledBy('ReservedFunctionInvocationRateLimitExceeded'),
  );
  await run(version);
});

test('ten requests a second for each of the account’s, where the operator chose how many', async () => {
  const { run } = setUp({ frozen: true, accountConcurrency: 1 });
  const version = testVersion();
  for (let count = 1; count <= 10; count++) await run(version);
  await expect(run(version)).rejects.toMatchObject(throttledBy('FunctionInvocationRateLimitExceeded'));
});

test('beyond ten requests a second a provisioned environment leaves the rest to others', async () => {
  const { run, ahead, sandboxes } = setUp({ frozen: true });
  const version = testVersion();
  (await ahead(version)).release();
  for (let count = 1; count <= 10; count++) await run(version, { provisioned: 1 });
  expect(sandboxes.started).toBe(1);
  expect(await run(version, { provisioned: 1 })).toEqual({ count: 1, starts: 1 });
  expect(sandboxes.started).toBe(2);
});

test('who waits for a busy environment asks for no new one, however many wait', async () => {
  const { run } = setUp({ frozen: true, machine: { environments: 1 } });
  const version = testVersion();
  for (let round = 0; round < 3; round++) {
    const all = Array.from({ length: 500 }, () => run(version));
    expect(await Promise.all(all)).toHaveLength(500);
  }
});
