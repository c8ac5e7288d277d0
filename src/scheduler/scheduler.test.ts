import { expect, onTestFinished, test } from 'vitest';
import { testServices, testVersion } from '../../tests/support/environments.ts';
import type { EnvironmentOutcome, EnvironmentTimings } from '../environments/index.ts';
import type { FunctionVersion } from '../model/index.ts';
import { type MachineLimits, machineLimits, Scheduler } from './index.ts';

interface Harness {
  readonly scheduler: Scheduler;
  readonly started: () => number;
  readonly live: () => number;
  /** Resolves when every environment has asked for more work. */
  readonly settled: () => Promise<void>;
  readonly run: (version: FunctionVersion, event: unknown, reserved?: number) => Promise<unknown>;
}

function setUp(
  options: {
    readonly machine?: Partial<MachineLimits>;
    readonly accountConcurrency?: number;
    readonly timings?: Partial<EnvironmentTimings>;
  } = {},
): Harness {
  const { services, sandboxes } = testServices({ timings: options.timings ?? {} });
  const scheduler = new Scheduler({
    services,
    machine: { ...machineLimits, ...options.machine },
    accountConcurrency: options.accountConcurrency ?? 1_000,
  });
  onTestFinished(async () => {
    await scheduler.reset();
    await scheduler.close();
    expect(sandboxes.live.size).toBe(0);
    expect(scheduler.environments).toEqual([]);
  });
  let requests = 0;
  return {
    scheduler,
    started: () => sandboxes.started,
    live: () => sandboxes.live.size,
    settled: async () => {
      while (scheduler.environments.some(({ state }) => state === 'finishing')) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    run: async (version, event, reserved) => {
      const payload = Buffer.from(JSON.stringify(event));
      const target = {
        version,
        invokedFunctionArn: 'arn',
        ...(reserved === undefined ? {} : { reservedConcurrency: reserved }),
      };
      const outcome = await new Promise<EnvironmentOutcome>((resolve, reject) =>
        scheduler.invoke(
          {
            target,
            reservedTotal: reserved ?? 0,
            invocation: { requestId: `r-${++requests}`, invokedFunctionArn: 'arn', payload, tail: false },
          },
          { resolve, reject },
        ),
      );
      return JSON.parse(Buffer.from(outcome.payload).toString());
    },
  };
}

const throttledBy = (Reason: string): object => ({
  code: 'TooManyRequestsException',
  status: 429,
  message: 'Rate Exceeded.',
  members: { Reason },
});

test('one caller after the other gets the same environment', async () => {
  const { run, started } = setUp();
  const version = testVersion();
  for (let count = 1; count <= 5; count++)
    expect(await run(version, { do: 'count' })).toEqual({ count, starts: 1 });
  expect(started()).toBe(1);
});

test('callers at the same time get an environment each, started in parallel, and keep them', async () => {
  const { run, started } = setUp();
  const version = testVersion();
  const wave = (): Promise<unknown[]> =>
    Promise.all(Array.from({ length: 4 }, () => run(version, { do: 'wait', ms: 150 })));
  await wave();
  expect(started()).toBe(4);
  await wave();
  expect(started()).toBe(4);
});

test('two versions share no environment', async () => {
  const { run, started } = setUp();
  await run(testVersion({ version: '1' }), {});
  await run(testVersion({ version: '2' }), {});
  expect(started()).toBe(2);
});

test('reserved concurrency throttles the one too many, and only while the others run', async () => {
  const { run } = setUp();
  const version = testVersion();
  const running = [run(version, { do: 'wait', ms: 100 }, 2), run(version, { do: 'wait', ms: 100 }, 2)];
  await expect(run(version, {}, 2)).rejects.toMatchObject(
    throttledBy('ReservedFunctionConcurrentInvocationLimitExceeded'),
  );
  await Promise.all(running);
  expect(await run(version, { ok: true }, 2)).toEqual({ ok: true });
});

test('reserved concurrency counts all versions together', async () => {
  const { run } = setUp();
  const running = run(testVersion({ version: '1' }), { do: 'wait', ms: 100 }, 1);
  await expect(run(testVersion({ version: '2' }), {}, 1)).rejects.toMatchObject({ status: 429 });
  await running;
});

test('the account limit throttles functions without a reserve, and not those with one', async () => {
  const { run } = setUp({ accountConcurrency: 1 });
  const running = run(testVersion({ name: 'a' }), { do: 'wait', ms: 100 });
  await expect(run(testVersion({ name: 'b' }), {})).rejects.toMatchObject(
    throttledBy('ConcurrentInvocationLimitExceeded'),
  );
  expect(await run(testVersion({ name: 'c' }), { ok: true }, 1)).toEqual({ ok: true });
  await running;
});

test('a failed invocation no longer counts', async () => {
  const { run } = setUp();
  const version = testVersion();
  await run(version, { do: 'exit', code: 1 }, 1);
  expect(await run(version, { do: 'count' }, 1)).toEqual({ count: 1, starts: 2 });
});

test('a full machine closes what is idle for what is asked for', async () => {
  const { run, started, live } = setUp({ machine: { environments: 2 } });
  const [a, b, c] = [testVersion({ name: 'a' }), testVersion({ name: 'b' }), testVersion({ name: 'c' })];
  await run(a, {});
  await run(b, {});
  await run(c, {});
  expect(started()).toBe(3);
  expect(live()).toBeLessThanOrEqual(3);
  expect(await run(b, { do: 'count' })).toEqual({ count: 1, starts: 1 });
  expect(started()).toBe(3);
});

test('on a full machine without idle environments an invocation waits for one of its own', async () => {
  const { run, started } = setUp({ machine: { environments: 1 } });
  const version = testVersion();
  const all = Array.from({ length: 5 }, () => run(version, { do: 'count' }));
  expect(await Promise.all(all)).toEqual([1, 2, 3, 4, 5].map((count) => ({ count, starts: 1 })));
  expect(started()).toBe(1);
});

test('or for room, in turn', async () => {
  const { run, started } = setUp({ machine: { environments: 1 } });
  const versions = ['a', 'b', 'c'].map((name) => testVersion({ name }));
  const all = await Promise.all(versions.map((version) => run(version, { name: version.name })));
  expect(all).toEqual([{ name: 'a' }, { name: 'b' }, { name: 'c' }]);
  expect(started()).toBe(3);
});

test('who waits for too long is throttled, and so is who finds no place to wait', async () => {
  const { run } = setUp({ machine: { environments: 1, waiting: 1, waitMs: 20 } });
  const running = run(testVersion({ name: 'a' }), { do: 'wait', ms: 300 });
  const waiting = expect(run(testVersion({ name: 'b' }), {})).rejects.toMatchObject({ status: 429 });
  await expect(run(testVersion({ name: 'c' }), {})).rejects.toMatchObject(
    throttledBy('ConcurrentInvocationLimitExceeded'),
  );
  await waiting;
  await running;
});

test('the memory that environments use bounds them, not their number alone', async () => {
  // The test sandboxes report 41 MB each.
  const { run, scheduler } = setUp({ machine: { memoryBytes: 130_000_000 } });
  for (const name of ['a', 'b', 'c', 'd']) await run(testVersion({ name }), {});
  expect(scheduler.environments.length).toBeLessThanOrEqual(3);
});

test('a retired deployment loses its environments, the running one after its end', async () => {
  const { run, scheduler, settled } = setUp();
  const version = testVersion();
  await Promise.all([run(version, { do: 'wait', ms: 50 }), run(version, { do: 'wait', ms: 50 })]);
  await settled();
  const running = run(version, { do: 'wait', ms: 50 });
  scheduler.retire(version.deploymentId);
  expect(scheduler.environments).toHaveLength(1);
  expect(await running).toEqual({ do: 'wait', ms: 50 });
});

test('an error of preparation reaches the caller, and the next try is a new one', async () => {
  const { services, sandboxes } = testServices();
  let tries = 0;
  const scheduler = new Scheduler({
    machine: machineLimits,
    services: {
      ...services,
      prepare: (version) =>
        ++tries === 1 ? Promise.reject(new Error('no code')) : services.prepare(version),
    },
  });
  onTestFinished(() => scheduler.close());
  const version = testVersion();
  const run = (): Promise<EnvironmentOutcome> =>
    new Promise((resolve, reject) =>
      scheduler.invoke(
        {
          target: { version, invokedFunctionArn: 'arn' },
          reservedTotal: 0,
          invocation: { requestId: 'r', invokedFunctionArn: 'arn', payload: Buffer.from('{}'), tail: false },
        },
        { resolve, reject },
      ),
    );
  await expect(run()).rejects.toThrow('no code');
  await run();
  expect(sandboxes.started).toBe(1);
});

test('an invocation that waits for an environment just answered survives its retirement', async () => {
  const { run, scheduler } = setUp();
  const version = testVersion();
  await run(version, {});
  const next = run(version, { do: 'count' });
  scheduler.retire(version.deploymentId);
  expect(await next).toMatchObject({ count: 1 });
});

test('close lets what runs finish, takes nothing new, and leaves nothing', async () => {
  const { run, scheduler, live } = setUp();
  const version = testVersion();
  await run(version, {});
  const running = run(version, { do: 'wait', ms: 50 });
  const closing = scheduler.close();
  await expect(run(version, {})).rejects.toMatchObject({ code: 'ServiceException' });
  expect(await running).toEqual({ do: 'wait', ms: 50 });
  await closing;
  expect(live()).toBe(0);
});

test('close does not wait for ever', async () => {
  const { run, scheduler, live, settled } = setUp({ machine: { drainMs: 20 } });
  const version = testVersion();
  await run(version, {});
  await settled();
  const rejected = expect(run(version, { do: 'hang' })).rejects.toMatchObject({ code: 'ServiceException' });
  await scheduler.close();
  await rejected;
  expect(live()).toBe(0);
});

test('reset ends everything at once and goes on serving', async () => {
  const { run, scheduler, settled } = setUp();
  const version = testVersion();
  await run(version, {});
  await settled();
  const rejected = expect(run(version, { do: 'hang' })).rejects.toMatchObject({ code: 'ServiceException' });
  await scheduler.reset();
  await rejected;
  expect(scheduler.environments).toEqual([]);
  expect(await run(version, { do: 'count' })).toEqual({ count: 1, starts: 1 });
});
