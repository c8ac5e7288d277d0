import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ApplicationAutoScalingClient,
  DescribeScheduledActionsCommand,
  PutScheduledActionCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import {
  GetProvisionedConcurrencyConfigCommand,
  PutProvisionedConcurrencyConfigCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ServerStatus } from '../../src/server/index.ts';
import { createPython, invoke, lambdaClient } from '../support/functions.ts';
import { root, type RunningHearth, startHearth } from '../support/hearth.ts';
import { run } from '../support/programs.ts';

const source = `
import os
def handler(event, context):
    return [os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"], os.environ["AWS_ENDPOINT_URL"].split(":")[-1]]
`;
const version = { FunctionName: 'ready', Qualifier: '1' };

let dataFolder: string;
let hearth: RunningHearth;

beforeAll(async () => {
  dataFolder = mkdtempSync(join(tmpdir(), 'hearth-provisioned-'));
  hearth = await startHearth({ dataFolder });
  await createPython(lambdaClient(hearth.endpoint), 'ready', source, { Publish: true });
});
afterAll(() => hearth.dispose());

async function crashed(): Promise<void> {
  await hearth.kill();
  hearth = await startHearth({ dataFolder });
}

/** Reads until it is so; each read is a call that takes its time. */
async function whole(count: number): Promise<void> {
  const client = lambdaClient(hearth.endpoint);
  for (;;) {
    const config = await client.send(new GetProvisionedConcurrencyConfigCommand(version));
    expect(config.RequestedProvisionedConcurrentExecutions).toBe(count);
    expect(config.Status).not.toBe('FAILED');
    if (config.Status !== 'READY') continue;
    expect(config.AllocatedProvisionedConcurrentExecutions).toBe(count);
    return;
  }
}

async function live(): Promise<number> {
  const launcher = [process.execPath, join(root, 'bin/hearth.js'), 'status', '--output', 'json'];
  const { stdout } = await run([...launcher, '--endpoint', hearth.endpoint, '--data-dir', dataFolder]);
  return (JSON.parse(stdout) as ServerStatus).environments.live;
}

test('what was answered is whole again after a crash, before it was ready as well as after', async () => {
  const put = { ...version, ProvisionedConcurrentExecutions: 2 };
  await lambdaClient(hearth.endpoint).send(new PutProvisionedConcurrencyConfigCommand(put));
  await crashed();
  await whole(2);
  await crashed();
  await whole(2);
  expect(await live()).toBe(2);
  const { payload } = await invoke(lambdaClient(hearth.endpoint), 'ready', {}, '1');
  expect(payload).toEqual(['provisioned-concurrency', new URL(hearth.endpoint).port]);
});

test('scheduled actions outlive a crash, and one that came due meanwhile runs', async () => {
  const resource = {
    ServiceNamespace: 'lambda',
    ResourceId: 'function:ready:1',
    ScalableDimension: 'lambda:function:ProvisionedConcurrency',
  } as const;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const scaling = () =>
    new ApplicationAutoScalingClient({ endpoint: hearth.endpoint, credentials, region: 'us-east-1' });
  await scaling().send(new RegisterScalableTargetCommand({ ...resource, MinCapacity: 0, MaxCapacity: 5 }));
  const soon = new Date(Date.now() + 1_500).toISOString().slice(0, 19);
  await scaling().send(
    new PutScheduledActionCommand({
      ...resource,
      ScheduledActionName: 'up',
      Schedule: `at(${soon})`,
      ScalableTargetAction: { MinCapacity: 3 },
    }),
  );
  await crashed();
  const { ScheduledActions } = await scaling().send(
    new DescribeScheduledActionsCommand({ ServiceNamespace: 'lambda' }),
  );
  expect(ScheduledActions).toMatchObject([{ ScheduledActionName: 'up' }]);
  for (;;) {
    const client = lambdaClient(hearth.endpoint);
    const config = await client.send(new GetProvisionedConcurrencyConfigCommand(version));
    if (config.RequestedProvisionedConcurrentExecutions === 3) break;
  }
  await whole(3);
});

test('a reset takes provisioned environments away, and nothing brings them back', async () => {
  const launcher = [process.execPath, join(root, 'bin/hearth.js'), 'reset', '--yes'];
  await run([...launcher, '--endpoint', hearth.endpoint, '--data-dir', dataFolder]);
  expect(await live()).toBe(0);
  const client = lambdaClient(hearth.endpoint);
  await expect(client.send(new GetProvisionedConcurrencyConfigCommand(version))).rejects.toThrow(
    ResourceNotFoundException,
  );
});
