import { expect, onTestFinished, test } from 'vitest';
import { caller, openFixture, scope, zipOf } from '../../tests/support/open-functions.ts';
import { testServices } from '../../tests/support/environments.ts';
import { createLog } from '../base/index.ts';
import { type MachineLimits, machineLimits, Scheduler } from '../scheduler/index.ts';
import { Provisioner, type ProvisioningStatus } from './index.ts';

const key = { ...scope, name: 'fn' };

async function setUp(machine: Partial<MachineLimits> = {}, environment: Record<string, string> = {}) {
  const fixture = await openFixture();
  const { services, sandboxes } = testServices();
  const scheduler = new Scheduler({ services, machine: { ...machineLimits, ...machine } });
  const { module, settings, clock } = fixture;
  module.lookup.onRetired((deploymentId) => scheduler.retire(deploymentId));
  const log = createLog('silent');
  const { lookup } = module;
  const provisioner = new Provisioner({
    configs: settings.provisioned,
    lookup,
    scheduler,
    clock,
    log,
  });
  onTestFinished(async () => {
    await provisioner.close();
    await scheduler.close();
    await fixture.close();
    while (sandboxes.live.size > 0) await turn();
  });
  await module.functions.create(key, {
    configuration: {
      runtime: 'python3.12',
      handler: 'app.handler',
      roleArn: 'arn:aws:iam::000000000000:role/r',
      environment,
    },
    architecture: 'x86_64',
    code: { kind: 'zip', bytes: zipOf({ 'app.py': 'x' }) },
    layerArns: [],
    tags: {},
    publish: true,
    caller,
  });
  await module.settled();
  const until = async (status: ProvisioningStatus['status']): Promise<ProvisioningStatus> => {
    for (;;) {
      const now = provisioner.status(key, '1');
      if (now.status === status) return now;
      await turn();
    }
  };
  return { clock, module, provisioner, scheduler, sandboxes, until };
}

function turn(): Promise<unknown> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('environments follow the number that was put, up and down, and go with the configuration', async () => {
  const { provisioner, scheduler, until } = await setUp();
  await provisioner.put(key, '1', 3);
  expect(provisioner.status(key, '1').status).toBe('IN_PROGRESS');
  expect(await until('READY')).toEqual({ status: 'READY', allocated: 3, available: 3 });
  await provisioner.put(key, '1', 1);
  await until('READY');
  expect(scheduler.environments).toHaveLength(1);
  await provisioner.delete(key, '1');
  while (scheduler.environments.length > 0) await turn();
});

test('a process that ends by itself is replaced', async () => {
  const { provisioner, scheduler, sandboxes, until } = await setUp();
  await provisioner.put(key, '1', 2);
  await until('READY');
  const [one] = sandboxes.live;
  one?.signal('SIGKILL');
  while (sandboxes.started < 3) await turn();
  await until('READY');
  expect(scheduler.environments).toHaveLength(2);
});

test('one that always ends at once is given up, and tried again when it is put again', async () => {
  const { provisioner, sandboxes, until } = await setUp();
  await provisioner.put(key, '1', 1);
  for (let time = 1; time <= 3; time++) {
    while (sandboxes.started < time) await turn();
    await until('READY');
    for (const sandbox of sandboxes.live) sandbox.signal('SIGKILL');
    while (provisioner.status(key, '1').status === 'READY') await turn();
  }
  expect(await until('FAILED')).toMatchObject({ reason: 'FUNCTION_ERROR_INIT_FAILURE', allocated: 0 });
  await provisioner.put(key, '1', 1);
  await until('READY');
});

test('without room it is FAILED with the reason, and what was started for it goes', async () => {
  const { provisioner, scheduler, until } = await setUp({ environments: 2 });
  await provisioner.put(key, '1', 3);
  expect((await until('FAILED')).reason).toContain('no room');
  while (scheduler.environments.length > 0) await turn();
});

test('of ten that do not initialise only the first few are started', async () => {
  const { provisioner, sandboxes, until } = await setUp({}, { INIT_PLAN: 'exit,exit' });
  await provisioner.put(key, '1', 10);
  expect(await until('FAILED')).toMatchObject({ reason: 'FUNCTION_ERROR_INIT_FAILURE' });
  expect(sandboxes.started).toBeLessThanOrEqual(4);
});
