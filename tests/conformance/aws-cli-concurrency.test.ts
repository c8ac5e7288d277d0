import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeleteProvisionedConcurrencyConfigCommand,
  GetProvisionedConcurrencyConfigCommand,
  InvokeCommand,
  paginateListProvisionedConcurrencyConfigs,
  ProvisionedConcurrencyConfigNotFoundException,
  PutProvisionedConcurrencyConfigCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test as plainTest } from 'vitest';
import { type AwsCli, awsCli } from '../support/aws-cli.ts';
import { createNode, lambdaClient } from '../support/functions.ts';
import { type RunningHearth, root, startHearth } from '../support/hearth.ts';
import { needs, programs, run } from '../support/programs.ts';

/** Concurrency as a person types it, and as a program asks for it. */
const clients = [
  { name: 'AWS CLI 2', program: programs.awsCliV2 },
  { name: 'AWS CLI 1', program: programs.awsCliV1 },
];
const source =
  'export const handler = async (event, context) => ({ tenant: context.tenantId, how: process.env.AWS_LAMBDA_INITIALIZATION_TYPE });\n';
const dimension = 'lambda:function:ProvisionedConcurrency';

let hearth: RunningHearth;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hearth-cli-'));
  hearth = await startHearth();
});
afterAll(async () => {
  await hearth?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(clients)('$name', ({ name, program = '' }) => {
  const test = needs(program, name);
  const prefix = name.replaceAll(' ', '-').toLowerCase();
  let cli: AwsCli;

  beforeAll(() => {
    cli = awsCli(program, { endpoint: hearth.endpoint, cwd: folder });
  });

  test('provisioned concurrency is put, read, listed and deleted', async () => {
    const fn = `${prefix}-ready`;
    const arn = await createNode(lambdaClient(hearth.endpoint), fn, source, { Publish: true });
    const version = ['--function-name', fn, '--qualifier', '1'];
    const config = 'provisioned-concurrency-config';
    const count = ['--provisioned-concurrent-executions', '1'];
    expect(
      await cli.call('lambda', 'put-provisioned-concurrency-config', ...version, ...count),
    ).toMatchObject({
      RequestedProvisionedConcurrentExecutions: 1,
      Status: 'IN_PROGRESS',
    });
    expect(await cli.call('lambda', `get-${config}`, ...version)).toMatchObject({
      RequestedProvisionedConcurrentExecutions: 1,
    });
    const listed = await cli.call('lambda', 'list-provisioned-concurrency-configs', '--function-name', fn);
    expect(listed).toMatchObject({
      ProvisionedConcurrencyConfigs: [{ FunctionArn: `${arn.replace(/:1$/, '')}:1` }],
    });
    expect(await cli.call('lambda', 'delete-provisioned-concurrency-config', ...version)).toBeUndefined();
    expect(await cli.failure('lambda', 'get-provisioned-concurrency-config', ...version)).toContain(
      'An error occurred (ProvisionedConcurrencyConfigNotFoundException) when calling the GetProvisionedConcurrencyConfig operation: No Provisioned Concurrency Config found for this function',
    );
  });

  test('a schedule is registered, described and deleted', async () => {
    const fn = `${prefix}-timed`;
    await createNode(lambdaClient(hearth.endpoint), fn, source, { Publish: true });
    const resource = ['--service-namespace', 'lambda', '--resource-id', `function:${fn}:1`];
    const target = [...resource, '--scalable-dimension', dimension];
    const action = [...target, '--scheduled-action-name', 'morning'];
    const call = (operation: string, ...args: string[]) =>
      cli.call('application-autoscaling', operation, ...args);
    await call('register-scalable-target', ...target, '--min-capacity', '0', '--max-capacity', '2');
    const when = ['--schedule', 'cron(0 8 ? * MON-FRI *)', '--timezone', 'Europe/Berlin'];
    await call('put-scheduled-action', ...action, ...when, '--scalable-target-action', 'MinCapacity=1');
    expect(await call('describe-scheduled-actions', ...resource)).toMatchObject({
      ScheduledActions: [{ ScheduledActionName: 'morning', ScalableTargetAction: { MinCapacity: 1 } }],
    });
    const lambda = ['--service-namespace', 'lambda'];
    expect(
      await call('describe-scalable-targets', ...lambda, '--resource-ids', `function:${fn}:1`),
    ).toMatchObject({
      ScalableTargets: [{ MinCapacity: 0, MaxCapacity: 2 }],
    });
    await call('delete-scheduled-action', ...action);
    await call('deregister-scalable-target', ...target);
  });
});

plainTest('the same through the AWS SDK for JavaScript', async () => {
  const client = lambdaClient(hearth.endpoint);
  await createNode(client, 'sdk-ready', source, { Publish: true });
  const version = { FunctionName: 'sdk-ready', Qualifier: '1' };
  const read = () => client.send(new GetProvisionedConcurrencyConfigCommand(version));
  await expect(read()).rejects.toThrow(ProvisionedConcurrencyConfigNotFoundException);
  await client.send(
    new PutProvisionedConcurrencyConfigCommand({ ...version, ProvisionedConcurrentExecutions: 1 }),
  );
  while ((await read()).Status !== 'READY');
  const { Payload } = await client.send(new InvokeCommand(version));
  expect(JSON.parse(Payload?.transformToString() ?? '')).toEqual({ how: 'provisioned-concurrency' });
  const found: unknown[] = [];
  const pages = paginateListProvisionedConcurrencyConfigs({ client }, { FunctionName: 'sdk-ready' });
  for await (const page of pages) found.push(...(page.ProvisionedConcurrencyConfigs ?? []));
  expect(found).toMatchObject([{ Status: 'READY', AvailableProvisionedConcurrentExecutions: 1 }]);
  await client.send(new DeleteProvisionedConcurrencyConfigCommand(version));
});

needs(programs.awsCliV1, 'AWS CLI 1')('an invocation names its tenant', async () => {
  // The CLI 2 that Debian has is older than tenants.
  const cli = awsCli(programs.awsCliV1 ?? '', { endpoint: hearth.endpoint, cwd: folder });
  const TenancyConfig = { TenantIsolationMode: 'PER_TENANT' } as const;
  await createNode(lambdaClient(hearth.endpoint), 'tenants', source, { TenancyConfig });
  await cli.call('lambda', 'invoke', '--function-name', 'tenants', '--tenant-id', 'blue', 'tenants.json');
  expect(JSON.parse(readFileSync(join(folder, 'tenants.json'), 'utf8'))).toEqual({
    tenant: 'blue',
    how: 'on-demand',
  });
  const launcher = [
    process.execPath,
    join(root, 'bin/hearth.js'),
    'invoke',
    'tenants',
    '--tenant-id',
    'green',
  ];
  const { stdout } = await run([...launcher, '--endpoint', hearth.endpoint]);
  expect(JSON.parse(stdout)).toMatchObject({ tenant: 'green' });
});
