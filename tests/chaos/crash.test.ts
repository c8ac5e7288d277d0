import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  paginateFilterLogEvents,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateAliasCommand,
  GetAccountSettingsCommand,
  GetAliasCommand,
  GetLayerVersionCommand,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  paginateListLayerVersions,
  UpdateAliasCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createNode, createPython, invoke, lambdaClient } from '../support/functions.ts';
import { type RunningHearth, startHearth } from '../support/hearth.ts';
import { programsOf, remainsOf, sandboxLayoutOf } from '../support/sandbox-remains.ts';
import { zip } from '../support/zip.ts';

const KILLS = 3;

let dataFolder: string;
let hearth: RunningHearth;

beforeAll(async () => {
  dataFolder = mkdtempSync(join(tmpdir(), 'hearth-crash-'));
  hearth = await startHearth({ dataFolder });
});

afterAll(() => hearth.dispose());

const lambda = () => lambdaClient(hearth.endpoint);

function cloudWatch(): CloudWatchLogsClient {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return new CloudWatchLogsClient({ endpoint: hearth.endpoint, region: 'us-east-1', credentials });
}

/**
 * Does `step` again and again until the server is killed, which happens at some moment after `count` of them were
 * answered, and starts the server again. Gives what was answered.
 */
async function crashAmid<T>(count: number, step: (number: number) => Promise<T>): Promise<T[]> {
  const answered: T[] = [];
  let killed: Promise<void> | undefined;
  for (let number = 1; ; number++) {
    try {
      const doing = step(number);
      // In the middle of the step, not behind it.
      if (answered.length === count) killed = hearth.kill();
      answered.push(await doing);
    } catch (error) {
      if (!killed) throw error;
      break;
    }
    await killed;
    if (killed) break;
  }
  await killed;
  hearth = await startHearth({ dataFolder });
  return answered;
}

const moments = fc.sample(fc.integer({ min: 1, max: 8 }), KILLS);

test('killed while layers are published, it has every version that was answered, whole, and at most one more', async () => {
  let published = 0;
  for (const count of moments) {
    const client = lambda();
    const answered = await crashAmid(count, (number) =>
      client.send(
        new PublishLayerVersionCommand({
          LayerName: 'shared',
          Content: {
            ZipFile: zip({ 'a.txt': `${published + number}`, 'b.bin': Buffer.alloc(300_000, number) }),
          },
        }),
      ),
    );
    published += answered.length;
    const after = lambda();
    const versions: number[] = [];
    for await (const page of paginateListLayerVersions({ client: after }, { LayerName: 'shared' })) {
      versions.push(...(page.LayerVersions ?? []).map(({ Version = 0 }) => Version));
    }
    expect([published, published + 1]).toContain(versions.length);
    expect(versions.toSorted((a, b) => a - b)).toEqual(versions.map((_, index) => index + 1));
    for (const VersionNumber of versions) {
      const { Content } = await after.send(
        new GetLayerVersionCommand({ LayerName: 'shared', VersionNumber }),
      );
      const download = await fetch(Content?.Location ?? '');
      expect((await download.bytes()).length).toBe(Content?.CodeSize);
    }
    published = versions.length;
    expect(readdirSync(join(dataFolder, 'functions/staging'))).toEqual([]);
  }
});

test('killed while an alias is moved, it has the alias as answered last, or as asked for when it died', async () => {
  const FunctionName = 'aliased';
  await createNode(lambda(), FunctionName, 'export const handler = async () => 0;\n');
  for (const Description of ['one', 'two']) {
    await lambda().send(new UpdateFunctionConfigurationCommand({ FunctionName, Description }));
    await waitUntilFunctionUpdatedV2(
      { client: lambda(), maxWaitTime: 60, minDelay: 0.05, maxDelay: 0.5 },
      { FunctionName },
    );
    await lambda().send(new PublishVersionCommand({ FunctionName }));
  }
  const alias = { FunctionName, Name: 'live' };
  await lambda().send(new CreateAliasCommand({ ...alias, FunctionVersion: '1' }));
  for (const count of moments) {
    const client = lambda();
    const answered = await crashAmid(count, async (number) => {
      const FunctionVersion = `${(number % 2) + 1}`;
      await client.send(new UpdateAliasCommand({ ...alias, FunctionVersion, Description: `${number}` }));
      return number;
    });
    const now = await lambda().send(new GetAliasCommand(alias));
    const number = Number(now.Description);
    expect([answered.length, answered.length + 1]).toContain(number);
    expect(now.FunctionVersion).toBe(`${(number % 2) + 1}`);
    expect((await invoke(lambda(), FunctionName, {}, 'live')).executedVersion).toBe(now.FunctionVersion);
  }
});

async function messagesOf(logGroupName: string): Promise<string[]> {
  const messages: string[] = [];
  for await (const page of paginateFilterLogEvents({ client: cloudWatch() }, { logGroupName })) {
    messages.push(...(page.events ?? []).map(({ message = '' }) => message.trimEnd()));
  }
  return messages;
}

test('killed while log events are put, it has all that were answered, in order', async () => {
  const stream = { logGroupName: '/app', logStreamName: 's' };
  await cloudWatch().send(new CreateLogGroupCommand({ logGroupName: stream.logGroupName }));
  await cloudWatch().send(new CreateLogStreamCommand(stream));
  const expected: string[] = [];
  for (const [round, count] of moments.entries()) {
    const client = cloudWatch();
    const answered = await crashAmid(count, async (number) => {
      const message = `${round}-${number}`;
      const logEvents = [{ timestamp: Date.now(), message }];
      await client.send(new PutLogEventsCommand({ ...stream, logEvents }));
      return message;
    });
    expected.push(...answered);
    const found = await messagesOf(stream.logGroupName);
    expect(found.slice(0, expected.length)).toEqual(expected);
    expect(found.length - expected.length).toBeLessThanOrEqual(1);
    expected.splice(0, expected.length, ...found);
  }
});

test('killed while a function writes lines, it has all that anybody saw before, and none is missing in between', async () => {
  const name = 'chatty';
  const logGroupName = `/aws/lambda/${name}`;
  await createPython(
    lambda(),
    name,
    `
import itertools, time
def handler(event, context):
    for n in itertools.count():
        print("line", n, flush=True)
        time.sleep(0.002)
`,
    { Timeout: 60 },
  );
  const running = invoke(lambda(), name).catch(() => undefined);
  let seen: string[] = [];
  while (seen.length < 50) seen = linesIn(await messagesOf(logGroupName).catch(() => []));
  await hearth.kill();
  await running;
  hearth = await startHearth({ dataFolder });
  const found = linesIn(await messagesOf(logGroupName));
  expect(found.length).toBeGreaterThanOrEqual(seen.length);
  expect(found).toEqual(found.map((_, n) => `line ${n}`));
});

function linesIn(messages: readonly string[]): string[] {
  return messages.filter((message) => message.startsWith('line '));
}

test('killed with environments that are idle, frozen, busy and starting, it leaves nothing once the next one has run', async () => {
  const client = lambda();
  await createPython(
    client,
    'sleeper',
    'import time\ndef handler(event, context):\n    time.sleep(event)\n',
    {
      Timeout: 60,
    },
  );
  await invoke(client, 'sleeper', 0);
  const running = [30, 30, 30].map((seconds) => invoke(client, 'sleeper', seconds).catch(() => undefined));
  const layout = sandboxLayoutOf(dataFolder);
  // One has the warm environment, the others are on their way into new ones.
  while (readdirSync(layout.sandboxesDir).length < 2) await client.send(new GetAccountSettingsCommand({}));
  await hearth.kill();
  await Promise.all(running);
  expect(remainsOf(layout)).not.toEqual([]);
  hearth = await startHearth({ dataFolder });
  expect(readdirSync(layout.sandboxesDir)).toEqual([]);
  expect((await invoke(lambda(), 'sleeper', 0)).functionError).toBeUndefined();
  await hearth.stop();
  expect([...remainsOf(layout), ...programsOf(layout)]).toEqual([]);
  expect(existsSync(layout.runDir)).toBe(false);
});
