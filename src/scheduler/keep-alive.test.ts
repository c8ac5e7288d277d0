import { expect, onTestFinished, test } from 'vitest';
import { testServices, testVersion } from '../../tests/support/environments.ts';
import { ManualClock } from '../base/index.ts';
import type { EnvironmentOutcome } from '../environments/index.ts';
import type { FunctionVersion } from '../model/index.ts';
import { machineLimits, Scheduler } from './index.ts';

const MINUTE_MS = 60_000;

/** A scheduler in whose world time passes only when the test says so. */
function setUp(environments = 10) {
  const { services, sandboxes } = testServices();
  const clock = new ManualClock();
  const scheduler = new Scheduler({
    services: { ...services, clock, serviceClock: clock },
    machine: { ...machineLimits, environments },
  });
  onTestFinished(async () => {
    await scheduler.reset();
    await scheduler.close();
  });
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setImmediate(resolve));
  };
  const run = async (version: FunctionVersion): Promise<unknown> => {
    const outcome = await new Promise<EnvironmentOutcome>((resolve, reject) =>
      scheduler.invoke(
        {
          target: { version, invokedFunctionArn: 'arn' },
          reservedTotal: 0,
          invocation: {
            requestId: 'r',
            invokedFunctionArn: 'arn',
            payload: Buffer.from('{"do":"count"}'),
            tail: false,
          },
        },
        { resolve, reject },
      ),
    );
    await until(() => scheduler.environments.every(({ state }) => state === 'idle' || state === 'frozen'));
    return JSON.parse(Buffer.from(outcome.payload).toString());
  };
  return { clock, scheduler, sandboxes, run, until };
}

test('an idle environment expires after ten minutes, until its function has shown that it comes every twenty', async () => {
  const { clock, scheduler, run, until } = setUp();
  const version = testVersion();
  for (let time = 1; time <= 5; time++) {
    expect(await run(version)).toEqual({ count: 1, starts: 1 });
    clock.advance(20 * MINUTE_MS);
    if (time < 5) await until(() => scheduler.environments.length === 0);
  }
  expect(await run(version)).toEqual({ count: 2, starts: 1 });
  clock.advance(60 * MINUTE_MS);
  await until(() => scheduler.environments.length === 0);
});

test('an environment of provisioned concurrency outlives every pause, and is replaced when it is old', async () => {
  const { clock, scheduler, run, until } = setUp();
  const version = testVersion();
  const gone = Promise.withResolvers<boolean>();
  const started = await scheduler.startAhead(version, gone.resolve);
  if (started.kind === 'started') started.release();
  clock.advance(3 * 60 * MINUTE_MS);
  expect(await run(version)).toEqual({ count: 1, starts: 1 });
  clock.advance(60 * MINUTE_MS);
  expect(await gone.promise).toBe(true);
  await until(() => scheduler.environments.length === 0);
});

test('a full machine lets the environment go that has been idle for longest, but no provisioned one', async () => {
  const { clock, scheduler, run } = setUp(3);
  const [ahead, old, young, next] = ['ahead', 'old', 'young', 'next'].map((name) => testVersion({ name }));
  if (!ahead || !old || !young || !next) return expect.unreachable();
  const started = await scheduler.startAhead(ahead, () => undefined);
  if (started.kind === 'started') started.release();
  await run(old);
  clock.advance(5 * MINUTE_MS);
  await run(young);
  await run(next);
  expect(scheduler.environments.map(({ version }) => version.name).sort()).toEqual([
    'ahead',
    'next',
    'young',
  ]);
});
