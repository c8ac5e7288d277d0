import { expect, onTestFinished, test } from 'vitest';
import { openFixture, scope, zipOf, caller } from '../../tests/support/open-functions.ts';
import { openProvisioner } from '../../tests/support/provisioner.ts';
import { createLog } from '../base/index.ts';
import { applyMigrations } from '../store/index.ts';
import {
  autoscalingMigrations,
  nextRunMs,
  type ScheduledAction,
  ScalingStore,
  ScheduledScaling,
} from './index.ts';

const key = { ...scope, resourceId: 'function:scaled:1' };
const fn = { ...scope, name: 'scaled' };

async function setUp() {
  const fixture = await openFixture();
  await applyMigrations(fixture.database, autoscalingMigrations);
  const held = await openProvisioner(fixture);
  const { clock, module, settings } = fixture;
  await module.functions.create(fn, {
    configuration: {
      runtime: 'python3.12',
      handler: 'app.handler',
      roleArn: 'arn:aws:iam::000000000000:role/r',
    },
    architecture: 'x86_64',
    code: { kind: 'zip', bytes: zipOf({ 'app.py': 'x' }) },
    layerArns: [],
    tags: {},
    publish: true,
    caller,
  });
  await module.settled();
  const store = new ScalingStore(fixture.database);
  const log = createLog('silent');
  const open = (): ScheduledScaling =>
    new ScheduledScaling({ store, configs: settings.provisioned, provisioner: held.provisioner, clock, log });
  let scaling = open();
  onTestFinished(async () => {
    await scaling.close();
    await held.close();
    await fixture.close();
  });
  const suspended = { dynamicIn: false, dynamicOut: false, scheduled: false };
  const target = {
    ...key,
    id: 't',
    minCapacity: 0,
    maxCapacity: 0,
    suspended,
    tags: {},
    createdMs: clock.nowMs(),
  };
  await store.putTarget(target);
  return {
    clock,
    store,
    target,
    requested: async () => (await settings.provisioned.find(fn, '1'))?.requested,
    plan: async (name: string, rest: Pick<ScheduledAction, 'schedule' | 'minCapacity' | 'maxCapacity'>) => {
      const action = { ...key, name, id: name, createdMs: clock.nowMs(), ...rest };
      const next = nextRunMs(action, clock.nowMs(), action.createdMs);
      await store.putAction({ ...action, ...(next === undefined ? {} : { nextRunMs: next }) });
      await scaling.tick();
    },
    /** Lets time pass, and whatever came due run. */
    pass: async (ms: number) => {
      clock.advance(ms);
      await scaling.tick();
    },
    restart: async (downMs: number) => {
      await scaling.close();
      clock.advance(downMs);
      scaling = open();
      await scaling.tick();
    },
  };
}

const hour = 3_600_000;

test('actions change the bounds of their target, and the function is brought within them', async () => {
  const { plan, pass, requested, store } = await setUp();
  await plan('morning', { schedule: 'cron(0 8 * * ? *)', minCapacity: 3, maxCapacity: 5 });
  await plan('evening', { schedule: 'cron(0 18 * * ? *)', minCapacity: 0, maxCapacity: 0 });
  expect(await requested()).toBeUndefined();
  await pass(8 * hour);
  expect(await requested()).toBe(3);
  expect(await store.target(key)).toMatchObject({ minCapacity: 3, maxCapacity: 5 });
  await pass(10 * hour);
  expect(await requested()).toBeUndefined();
  await pass(14 * hour);
  expect(await requested()).toBe(3);
});

test('the timer is set for the earliest, without anybody asking', async () => {
  const { plan, clock, requested } = await setUp();
  await plan('soon', { schedule: 'rate(5 minutes)', minCapacity: 1 });
  clock.advance(300_000);
  while ((await requested()) !== 1) await new Promise((resolve) => setImmediate(resolve));
});

test('one that came due while the server was down runs at its next start, once', async () => {
  const { plan, restart, requested, store } = await setUp();
  await plan('once', { schedule: 'at(2026-01-01T06:00:00)', minCapacity: 2 });
  await restart(48 * hour);
  expect(await requested()).toBe(2);
  expect(await store.action(key, 'once')).not.toHaveProperty('nextRunMs');
  expect(await store.nextRunMs()).toBeUndefined();
});

test('a suspended target and one that is gone are left alone; the schedule goes on', async () => {
  const { plan, pass, requested, store, target } = await setUp();
  await plan('hourly', { schedule: 'rate(1 hour)', minCapacity: 1 });
  await store.putTarget({ ...target, suspended: { ...target.suspended, scheduled: true } });
  await pass(hour);
  expect(await requested()).toBeUndefined();
  await store.putTarget(target);
  await pass(hour);
  expect(await requested()).toBe(1);
  await store.deleteTarget(key);
  expect(await store.nextRunMs()).toBeUndefined();
});

test('what Lambda refuses does not stop the others', async () => {
  const { plan, pass, requested } = await setUp();
  await plan('a-too-many', { schedule: 'rate(1 hour)', minCapacity: 5_000, maxCapacity: 6_000 });
  await plan('b-few', { schedule: 'rate(1 hour)', minCapacity: 2, maxCapacity: 2 });
  await pass(hour);
  expect(await requested()).toBe(2);
});
