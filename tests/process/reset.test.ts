import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateRoleCommand, IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import {
  AddPermissionCommand,
  CreateAliasCommand,
  GetAccountSettingsCommand,
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  GetPolicyCommand,
  type LambdaClient,
  ListAliasesCommand,
  ListFunctionsCommand,
  ListLayersCommand,
  ListTagsCommand,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deferred } from '../../src/base/index.ts';
import type { ServerStatus } from '../../src/server/index.ts';
import { createNode, createPython, invoke, lambdaClient } from '../support/functions.ts';
import { root, type RunningHearth, startHearth } from '../support/hearth.ts';
import { type Finished, run } from '../support/programs.ts';
import { zip } from '../support/zip.ts';

const accounts = ['000000000000', '111111111111'] as const;
const echo = 'export const handler = async (event) => (console.log("ran"), event);\n';

let hearth: RunningHearth;

beforeAll(async () => {
  hearth = await startHearth();
});

afterAll(() => hearth.dispose());

function command(...args: readonly string[]): Promise<Finished> {
  const launcher = [process.execPath, join(root, 'bin/hearth.js'), ...args];
  return run([...launcher, '--endpoint', hearth.endpoint, '--data-dir', hearth.dataFolder]);
}

async function reset(): Promise<void> {
  expect(await command('reset', '--yes')).toMatchObject({
    code: 0,
    stdout: 'Everything is gone; access keys stay.\n',
  });
}

async function status(): Promise<ServerStatus> {
  return JSON.parse((await command('status', '--output', 'json')).stdout) as ServerStatus;
}

function clientOf<Client>(
  Class: new (settings: object) => Client,
  accessKeyId: string = accounts[0],
): Client {
  const credentials = { accessKeyId, secretAccessKey: 'test' };
  return new Class({ endpoint: hearth.endpoint, region: 'us-east-1', credentials });
}

/** A bit of everything that an account can hold. */
async function fill(account: string): Promise<void> {
  const client = lambdaClient(hearth.endpoint, account);
  await createNode(client, 'full', echo, { Tags: { team: 'a' } });
  const FunctionName = 'full';
  await client.send(new PublishVersionCommand({ FunctionName }));
  await client.send(new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '1' }));
  await client.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 5 }));
  await client.send(
    new AddPermissionCommand({
      FunctionName,
      StatementId: 'all',
      Action: 'lambda:InvokeFunction',
      Principal: '*',
    }),
  );
  await client.send(
    new PublishLayerVersionCommand({ LayerName: 'shared', Content: { ZipFile: zip({ 'a.txt': account }) } }),
  );
  await clientOf(IAMClient, account).send(
    new CreateRoleCommand({ RoleName: 'role', AssumeRolePolicyDocument: trust }),
  );
  expect((await invoke(client, 'full', 1)).payload).toBe(1);
}

const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
});

async function expectEmpty(account: string): Promise<void> {
  const client = lambdaClient(hearth.endpoint, account);
  expect((await client.send(new ListFunctionsCommand({}))).Functions).toEqual([]);
  expect((await client.send(new ListLayersCommand({}))).Layers).toEqual([]);
  const { AccountUsage, AccountLimit } = await client.send(new GetAccountSettingsCommand({}));
  expect(AccountUsage).toEqual({ FunctionCount: 0, TotalCodeSize: 0 });
  expect(AccountLimit?.UnreservedConcurrentExecutions).toBe(1_000);
  const { Roles } = await clientOf(IAMClient, account).send(new ListRolesCommand({}));
  expect(Roles).toEqual([]);
  const { logGroups } = await clientOf(CloudWatchLogsClient, account).send(new DescribeLogGroupsCommand({}));
  expect(logGroups).toEqual([]);
}

test('reset deletes everything of every account, and the names are as new', async () => {
  for (const account of accounts) await fill(account);
  expect(await status()).toMatchObject({ functions: 2, versions: 2, layers: 2, environments: { live: 2 } });
  await reset();
  for (const account of accounts) await expectEmpty(account);
  expect(await status()).toMatchObject({ functions: 0, versions: 0, layers: 0, environments: { live: 0 } });
  expect(readdirSync(join(hearth.dataFolder, 'functions/objects'))).toEqual([]);
  const client = lambdaClient(hearth.endpoint, accounts[0]);
  const gone = { name: 'ResourceNotFoundException' };
  await expect(invoke(client, 'full')).rejects.toMatchObject(gone);
  await expect(invoke(client, 'full', {}, 'live')).rejects.toMatchObject(gone);
  const FunctionName = 'full';
  const FunctionArn = await createPython(client, FunctionName, 'def handler(e, c):\n    return "anew"\n');
  expect((await invoke(client, FunctionName)).payload).toBe('anew');
  expect((await client.send(new ListAliasesCommand({ FunctionName }))).Aliases).toEqual([]);
  expect((await client.send(new ListTagsCommand({ Resource: FunctionArn }))).Tags).toEqual({});
  expect(await client.send(new GetFunctionConcurrencyCommand({ FunctionName }))).not.toHaveProperty(
    'ReservedConcurrentExecutions',
  );
  await expect(client.send(new GetPolicyCommand({ FunctionName }))).rejects.toMatchObject(gone);
  expect((await client.send(new PublishVersionCommand({ FunctionName }))).Version).toBe('1');
});

test('reset keeps access keys and the operator token', async () => {
  const token = readFileSync(join(hearth.dataFolder, 'operator-token'), 'utf8');
  expect((await command('keys', 'create', accounts[0])).code).toBe(0);
  const before = (await command('keys', 'list', '--output', 'json')).stdout;
  await reset();
  expect((await command('keys', 'list', '--output', 'json')).stdout).toBe(before);
  expect(readFileSync(join(hearth.dataFolder, 'operator-token'), 'utf8')).toBe(token);
});

test('reset ends what runs, which hears that its environment is gone, and leaves no log group of it', async () => {
  const client = lambdaClient(hearth.endpoint);
  await createPython(
    client,
    'slow',
    'import time\ndef handler(e, c):\n    print("on it", flush=True)\n    time.sleep(60)\n',
    { Timeout: 120 },
  );
  const failed = expect(invoke(client, 'slow')).rejects.toMatchObject({ name: 'ServiceException' });
  while ((await status()).environments.busy === 0);
  await reset();
  await failed;
  await expectEmpty(accounts[0]);
});

test('calls at the same time as resets succeed or fail as AWS would, and what is left is whole', async () => {
  const client = lambdaClient(hearth.endpoint);
  const workers = Array.from({ length: 4 }, (_, worker) => keepDeploying(client, `busy-${worker}`));
  for (let round = 0; round < 4; round++) {
    await Promise.race(workers.map(({ nextRound }) => nextRound()));
    await reset();
  }
  await Promise.all(workers.map(({ stop }) => stop()));
  const { Functions = [] } = await client.send(new ListFunctionsCommand({}));
  for (const { FunctionName } of Functions) {
    const { Configuration } = await client.send(new GetFunctionCommand({ FunctionName }));
    expect(Configuration?.State).toBe('Active');
    expect((await invoke(client, FunctionName ?? '', 7)).payload).toBe(7);
  }
  await reset();
  await expectEmpty(accounts[0]);
  expect(readdirSync(join(hearth.dataFolder, 'functions/objects'))).toEqual([]);
  expect(existsSync(join(hearth.dataFolder, 'functions/staging'))).toBe(true);
});

/** Creates, invokes and publishes one function again and again; anything but the errors that a deletion explains fails. */
function keepDeploying(client: LambdaClient, name: string) {
  const stopping = new AbortController();
  let round = deferred();
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await createNode(client, name, echo).catch(expectExplained);
      await invoke(client, name).catch(expectExplained);
      await client.send(new PublishVersionCommand({ FunctionName: name })).catch(expectExplained);
      round.resolve();
      round = deferred();
    }
  })();
  return {
    /** Resolves when the round that is under way has ended. */
    nextRound: () => Promise.race([round.promise, loop]),
    stop: () => {
      stopping.abort();
      return loop;
    },
  };
}

function expectExplained(error: unknown): void {
  expect(['ResourceNotFoundException', 'ResourceConflictException', 'ServiceException']).toContain(
    error instanceof Error ? error.name : error,
  );
}
