import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudWatchLogsClient,
  DescribeLogStreamsCommand,
  GetLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  type FunctionConfiguration,
  GetFunctionConfigurationCommand,
  type LambdaClient,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  PutProvisionedConcurrencyConfigCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect } from 'vitest';
import { type Answer, createPython, invoke, lambdaClient, ROLE } from '../support/functions.ts';
import { type RunningHearth, startHearth } from '../support/hearth.ts';
import { foundPythons } from '../support/interpreters.ts';
import { needs, programs } from '../support/programs.ts';
import { remainsOf, sandboxLayoutOf } from '../support/sandbox-remains.ts';
import { zip } from '../support/zip.ts';

/** SnapStart in real sandboxes, with a real interpreter, as the caller and the log see it. */
const scratch = mkdtempSync(join(tmpdir(), 'hearth-snap-start-'));
const hasPython = (await foundPythons(scratch)).some(({ name }) => name === 'python3.12');
const test = needs(
  programs.runc && process.getuid?.() === 0 && hasPython && process.arch === 'x64',
  'runc, as root on x64, with Python 3.12',
);

let hearth: RunningHearth;
let client: LambdaClient;

beforeAll(async () => {
  if (!programs.runc) return;
  hearth = await startHearth({ args: ['--sandbox', 'oci'] });
  client = lambdaClient(hearth.endpoint);
});

afterAll(async () => {
  client?.destroy();
  await hearth?.dispose();
  rmSync(scratch, { recursive: true, force: true });
});

const PublishedVersions = { ApplyOn: 'PublishedVersions' } as const;

/** Creates the function and publishes version 1; gives it as it is once it is no longer `Pending`. */
async function publish(name: string, source: string): Promise<FunctionConfiguration> {
  await createPython(client, name, source, {
    Runtime: 'python3.12',
    SnapStart: PublishedVersions,
    Timeout: 20,
    MemorySize: 256,
  });
  const answered = await client.send(new PublishVersionCommand({ FunctionName: name }));
  expect(answered).toMatchObject({
    Version: '1',
    State: 'Pending',
    StateReasonCode: 'Creating',
    SnapStart: { ...PublishedVersions, OptimizationStatus: 'Off' },
  });
  return settled(name);
}

async function settled(FunctionName: string, Qualifier = '1'): Promise<FunctionConfiguration> {
  const read = () => client.send(new GetFunctionConfigurationCommand({ FunctionName, Qualifier }));
  await expect.poll(async () => (await read()).State, { timeout: 30_000 }).not.toBe('Pending');
  return read();
}

/** The lines of each log stream of version 1, that of its Init first. */
async function streamsOf(name: string): Promise<readonly (readonly string[])[]> {
  const logs = new CloudWatchLogsClient({ endpoint: hearth.endpoint, region: 'us-east-1', credentials });
  const logGroupName = `/aws/lambda/${name}`;
  const { logStreams = [] } = await logs.send(new DescribeLogStreamsCommand({ logGroupName }));
  const streams = logStreams.map(async ({ logStreamName }) => {
    const read = new GetLogEventsCommand({ logGroupName, logStreamName, startFromHead: true });
    return ((await logs.send(read)).events ?? []).map(({ message = '' }) => message.trimEnd());
  });
  const lines = await Promise.all(streams);
  logs.destroy();
  return lines.sort(([one = ''], [other = '']) => one.localeCompare(other));
}

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

const STATE = `
import json, os, random, secrets, ssl, time, urllib.request, uuid
from snapshot_restore_py import register_after_restore, register_before_snapshot

state, made = random.random(), time.time()
open('/tmp/made', 'w').write('by init')
order = []

@register_before_snapshot
def first_registered(): order.append('before 1')

@register_before_snapshot
def second_registered(): order.append('before 2')

register_after_restore(lambda text: (order.append(text), print(text)), 'after 1')
register_after_restore(order.append, 'after 2')

def credentials(token):
    request = urllib.request.Request(os.environ['AWS_CONTAINER_CREDENTIALS_FULL_URI'], headers={'Authorization': token})
    return json.load(urllib.request.urlopen(request))

def handler(event, context):
    time.sleep(event.get('sleep', 0))
    if event.get('exit'): os._exit(3)
    answer = {'state': state, 'order': order, 'type': os.environ['AWS_LAMBDA_INITIALIZATION_TYPE'], 'pid': os.getpid()}
    if answer['type'] == 'on-demand': return answer
    keys = credentials(os.environ['AWS_CONTAINER_AUTHORIZATION_TOKEN'])
    try: credentials('guessed')
    except urllib.error.HTTPError as error: answer['guessed'] = error.code
    mine = os.listdir('/tmp')
    open('/tmp/' + context.aws_request_id, 'w')
    return answer | {
        'own': [random.random(), str(uuid.uuid4()), secrets.token_hex(8), ssl.RAND_bytes(8).hex(), keys['AccessKeyId']],
        'members': sorted(keys), 'tmp': mine, 'late': time.time() > made, 'keys': 'AWS_ACCESS_KEY_ID' in os.environ,
        'stream': context.log_stream_name, 'processes': [name for name in os.listdir('/proc') if name.isdigit()],
    }
`;

interface Restored {
  readonly state: number;
  readonly own: readonly (string | number)[];
}

function expectRestored({ payload, functionError, log }: Answer): Restored {
  expect({ functionError, log }).toMatchObject({ functionError: undefined });
  expect(log).toMatch(/\tRestore Duration: [\d.]+ ms\tBilled Restore Duration: \d+ ms\t\n$/);
  expect(payload).toMatchObject({
    order: ['before 2', 'before 1', 'after 1', 'after 2'],
    type: 'snap-start',
    pid: 1,
    guessed: 403,
    members: ['AccessKeyId', 'Expiration', 'SecretAccessKey', 'Token'],
    tmp: ['made'],
    late: true,
    keys: false,
    stream: null,
    processes: ['1'],
  });
  return payload as Restored;
}

test('every environment of a version goes on from one Init, with what must be its own', async () => {
  expect(await publish('state', STATE)).toMatchObject({
    State: 'Active',
    SnapStart: { ...PublishedVersions, OptimizationStatus: 'On' },
  });
  const both = await Promise.all([1, 2].map(() => invoke(client, 'state', { sleep: 1 }, '1')));
  const [one, other] = both.map(expectRestored);
  expect(one?.state).toBe(other?.state);
  for (const [index, value] of one?.own.entries() ?? []) expect(value).not.toBe(other?.own[index]);

  const again = await invoke(client, 'state', {}, '1');
  expect(again.log).not.toContain('Restore Duration');
  const died = await invoke(client, 'state', { exit: true }, '1');
  expect(died.payload).toMatchObject({ errorMessage: expect.stringContaining('exit status 3') });
  const latest = await invoke(client, 'state');
  expect(latest.payload).toMatchObject({ type: 'on-demand', order: [] });
  expect(latest.log).toContain('Init Duration');
  expect((latest.payload as Restored).state).not.toBe(one?.state);

  await expect.poll(async () => (await streamsOf('state')).length).toBe(4);
  const streams = await streamsOf('state');
  const init = streams.find((lines) => lines.some((line) => line.startsWith('INIT_REPORT')));
  expect(init?.[0]).toMatch(/^INIT_START Runtime Version: python:3\.12\.v1\t/);
  expect(init?.at(-1)).toMatch(/^INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: success$/);
  const restored = streams.filter(([line = '']) => line.startsWith('RESTORE_START'));
  expect(restored).toHaveLength(2);
  for (const [start = '', hook, report = '', started = ''] of restored) {
    expect(start).toMatch(/^RESTORE_START Runtime Version: python:3\.12\.v1\tRuntime Version ARN: arn:/);
    expect([hook, report]).toContainEqual(
      expect.stringMatching(/^RESTORE_REPORT Restore Duration: [\d.]+ ms$/),
    );
    expect([hook, report]).toContain('after 1');
    expect(started).toMatch(/^START RequestId: /);
  }
});

test('an environment that failed is replaced by one that starts from the same state', async () => {
  await publish('replaced', STATE);
  const before = expectRestored(await invoke(client, 'replaced', {}, '1'));
  await invoke(client, 'replaced', { exit: true }, '1');
  const after = expectRestored(await invoke(client, 'replaced', {}, '1'));
  expect(after.state).toBe(before.state);
});

test.each([
  ['raises', "raise ValueError('no good')", 'FunctionError.RuntimeInitError', /no good/],
  ['exits', 'import os; os._exit(7)', 'FunctionError.RuntimeInitError', /exit status 7/],
  [
    'leaves-a-thread',
    'import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()',
    'FunctionError',
    /runs 2 threads/,
  ],
  [
    'cannot-be-snapshotted',
    "from snapshot_restore_py import register_before_snapshot\n@register_before_snapshot\ndef hook(): raise ValueError('not now')",
    'FunctionError.RuntimeInitError',
    /Runtime\.BeforeSnapshotError: not now/,
  ],
])('a version whose Init %s fails, and says why', async (name, source, code, reason) => {
  const version = await publish(name, `${source}\ndef handler(event, context): pass\n`);
  expect(version).toMatchObject({
    State: 'Failed',
    StateReasonCode: code,
    StateReason: expect.stringMatching(reason),
    SnapStart: { ...PublishedVersions, OptimizationStatus: 'Off' },
  });
  await expect(invoke(client, name, {}, '1')).rejects.toMatchObject({ name: 'ResourceConflictException' });
});

test('a version whose layer brings an extension fails: it would be in no environment', async () => {
  const layer = await client.send(
    new PublishLayerVersionCommand({
      LayerName: 'beside',
      Content: { ZipFile: zip({ 'extensions/beside': '#!/bin/sh\\nexec sleep 600\\n' }) },
    }),
  );
  await createPython(client, 'extended', STATE, {
    Runtime: 'python3.12',
    SnapStart: PublishedVersions,
    Layers: [layer.LayerVersionArn ?? ''],
  });
  await client.send(new PublishVersionCommand({ FunctionName: 'extended' }));
  expect(await settled('extended')).toMatchObject({ State: 'Failed' });
});

test('a hook after restore that fails, or takes too long, fails the invocation', async () => {
  const hook = `
import time
from snapshot_restore_py import register_after_restore
@register_after_restore
def hook(): BODY
def handler(event, context): pass
`;
  await publish('bad-hook', hook.replace('BODY', "raise ValueError('still no good')"));
  await expect(invoke(client, 'bad-hook', {}, '1')).rejects.toMatchObject({
    name: 'SnapStartException',
    $metadata: { httpStatusCode: 400 },
    message: expect.stringContaining('still no good'),
  });
  await publish('slow-hook', hook.replace('BODY', 'time.sleep(600)'));
  await expect(invoke(client, 'slow-hook', {}, '1')).rejects.toMatchObject({
    name: 'SnapStartTimeoutException',
    $metadata: { httpStatusCode: 408 },
  });
  await expect
    .poll(async () => (await streamsOf('slow-hook')).flat())
    .toContainEqual(
      expect.stringMatching(/^RESTORE_REPORT Restore Duration: \d{5,}\.\d\d ms\tStatus: timeout$/),
    );
});

test('a version that is deleted leaves nothing of its snapshot', async () => {
  await publish('deleted', STATE);
  await invoke(client, 'deleted', {}, '1');
  const layout = sandboxLayoutOf(hearth.dataFolder);
  const before = remainsOf(layout).filter((line) => line.includes('env-')).length;
  await client.send(new DeleteFunctionCommand({ FunctionName: 'deleted' }));
  await expect
    .poll(() => remainsOf(layout).filter((line) => line.includes('env-')).length, { timeout: 10_000 })
    .toBeLessThan(before - 12);
});

test('after a restart, and after a crash, Init runs once again, and the log says so', async () => {
  const own = await startHearth({ args: ['--sandbox', 'oci'] });
  const first = { hearth, client };
  try {
    [hearth, client] = [own, lambdaClient(own.endpoint)];
    await publish('again', STATE);
    const before = expectRestored(await invoke(client, 'again', {}, '1'));
    for (const end of ['kill', 'stop'] as const) {
      await hearth[end]();
      const { dataFolder } = hearth;
      hearth = await startHearth({ args: ['--sandbox', 'oci'], dataFolder });
      client = lambdaClient(hearth.endpoint);
      const after = expectRestored(await invoke(client, 'again', {}, '1'));
      expect(after.state).not.toBe(before.state);
    }
    await expect
      .poll(async () =>
        (await streamsOf('again')).flat().filter((line) => line.startsWith('SNAPSTART\tInit runs again')),
      )
      .toHaveLength(2);
  } finally {
    client.destroy();
    await hearth.dispose();
    ({ hearth, client } = first);
  }
});

test('an update turns it on and off; settings that do not go together are refused', async () => {
  await createPython(client, 'turned', STATE, { Runtime: 'python3.12' });
  const update = (change: object) =>
    client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'turned', ...change }));
  const idle = () =>
    expect
      .poll(async () => (await settled('turned', '$LATEST')).LastUpdateStatus, { timeout: 10_000 })
      .toBe('Successful');
  expect((await update({ SnapStart: PublishedVersions })).SnapStart).toEqual({
    ...PublishedVersions,
    OptimizationStatus: 'Off',
  });
  await idle();
  const text = (runtime: string) => `${runtime} is not supported for SnapStart enabled functions.`;
  await expect(update({ Runtime: 'python3.11' })).rejects.toMatchObject({
    name: 'InvalidParameterValueException',
    message: text('python3.11'),
  });
  await expect(update({ EphemeralStorage: { Size: 513 } })).rejects.toMatchObject({
    name: 'InvalidParameterValueException',
  });
  expect((await update({ SnapStart: { ApplyOn: 'None' } })).SnapStart).toMatchObject({ ApplyOn: 'None' });
  await idle();
  await publish('not-provisioned', STATE);
  await expect(
    client.send(
      new PutProvisionedConcurrencyConfigCommand({
        FunctionName: 'not-provisioned',
        Qualifier: '1',
        ProvisionedConcurrentExecutions: 1,
      }),
    ),
  ).rejects.toMatchObject({
    name: 'InvalidParameterValueException',
    message: 'Provisioned Concurrency is not supported for functions with SnapStart.',
  });
  const create = (Runtime: 'nodejs24.x' | 'python3.11') =>
    client.send(
      new CreateFunctionCommand({
        FunctionName: 'refused',
        Role: ROLE,
        Handler: 'app.handler',
        Runtime,
        SnapStart: PublishedVersions,
        Code: { ZipFile: zip({ 'app.py': '' }) },
      }),
    );
  for (const runtime of ['nodejs24.x', 'python3.11'] as const) {
    await expect(create(runtime)).rejects.toMatchObject({ message: text(runtime) });
  }
});

test('with the process sandbox it is refused, with the reason', async () => {
  const plain = await startHearth({ args: ['--sandbox', 'process'] });
  const other = lambdaClient(plain.endpoint);
  try {
    const settings = { Runtime: 'python3.12', SnapStart: PublishedVersions } as const;
    await expect(createPython(other, 'plain', STATE, settings)).rejects.toMatchObject({
      name: 'NotImplemented',
      message: expect.stringMatching(/SnapStart\.ApplyOn.*Only the oci sandbox forks/),
    });
  } finally {
    other.destroy();
    await plain.dispose();
  }
});
