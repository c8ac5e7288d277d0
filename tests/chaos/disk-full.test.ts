import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  FilterLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  GetFunctionCommand,
  type LambdaClient,
  ListFunctionsCommand,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPython, invoke, lambdaClient } from '../support/functions.ts';
import { type RunningHearth, startHearth } from '../support/hearth.ts';
import { zip } from '../support/zip.ts';

const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write('SKIPPED: only root can mount a small disk\n');

test('a CI machine tests what a full disk does', () => {
  expect(isRoot || process.env['CI'] !== 'true').toBe(true);
});

const source = (word: string) =>
  `def handler(event, context):\n    print("said ${word}")\n    return "${word}"\n`;
const settings = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
const once = { ...settings, maxAttempts: 1 };

describe.skipIf(!isRoot)('with a full disk', () => {
  let disk: string;
  let dataFolder: string;
  let hearth: RunningHearth;

  beforeAll(async () => {
    disk = mkdtempSync(join(tmpdir(), 'hearth-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', disk]);
    dataFolder = join(disk, 'data');
    hearth = await startHearth({ dataFolder });
    const client = lambdaClient(hearth.endpoint);
    await createPython(client, 'kept', source('old'));
    expect((await invoke(client, 'kept')).payload).toBe('old');
    fill();
  });

  afterAll(async () => {
    await hearth.stop();
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  });

  /** Takes the last byte. */
  function fill(): void {
    const file = openSync(join(disk, 'filler'), 'a');
    for (let size = 2 ** 20; size >= 1; size /= 2) while (wrote(file, size));
    closeSync(file);
  }

  function wrote(file: number, size: number): boolean {
    try {
      return writeSync(file, Buffer.alloc(size)) === size;
    } catch {
      return false;
    }
  }

  const FunctionName = 'kept';
  const ZipFile = zip({ 'app.py': source('new') });

  const changes: Readonly<Record<string, (client: LambdaClient) => Promise<unknown>>> = {
    'a function': (client) => createPython(client, 'late', source('late')),
    code: (client) => client.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile })),
    'a configuration': (client) =>
      client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Description: 'x'.repeat(200) })),
    'a version': (client) => client.send(new PublishVersionCommand({ FunctionName })),
    'a layer': (client) =>
      client.send(new PublishLayerVersionCommand({ LayerName: 'l', Content: { ZipFile } })),
  };

  test.each(Object.entries(changes))(
    '%s is refused with the reason, in the shape of AWS',
    async (_, change) => {
      await expect(change(lambdaClient(hearth.endpoint))).rejects.toMatchObject({
        name: 'ServiceException',
        message: expect.stringContaining('disk of the server is full'),
        $metadata: { httpStatusCode: 500 },
      });
    },
  );

  test('services of other protocols say it in theirs', async () => {
    const iam = new IAMClient({ ...once, endpoint: hearth.endpoint });
    const AssumeRolePolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Principal: { Service: 'lambda.amazonaws.com' },
        Action: 'sts:AssumeRole',
      },
    });
    const Description = 'x'.repeat(900);
    const refused = { message: expect.stringContaining('disk of the server is full') };
    await expect(
      iam.send(new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument, Description })),
    ).rejects.toMatchObject({ ...refused, $metadata: { httpStatusCode: 500 } });
    const logs = new CloudWatchLogsClient({ ...once, endpoint: hearth.endpoint });
    await expect(
      logs.send(new CreateLogGroupCommand({ logGroupName: 'g', tags: { padding: 'x'.repeat(250) } })),
    ).rejects.toMatchObject({ ...refused, $metadata: { httpStatusCode: 500 } });
  });

  test('what is deployed still runs and can be read', async () => {
    const client = lambdaClient(hearth.endpoint);
    expect((await invoke(client, 'kept')).payload).toBe('old');
    const { Configuration } = await client.send(new GetFunctionCommand({ FunctionName }));
    expect(Configuration).toMatchObject({ State: 'Active', LastUpdateStatus: 'Successful', Description: '' });
    const { Functions } = await client.send(new ListFunctionsCommand({}));
    expect(Functions?.map((entry) => entry.FunctionName)).toEqual(['kept']);
  });

  test('with room again everything works, and the logs go on', async () => {
    rmSync(join(disk, 'filler'));
    const client = lambdaClient(hearth.endpoint);
    await client.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile }));
    await createPython(client, 'late', source('late'));
    expect((await invoke(client, 'late')).payload).toBe('late');
    const logs = new CloudWatchLogsClient({ ...settings, endpoint: hearth.endpoint });
    const lateLogs = { logGroupName: '/aws/lambda/late', filterPattern: 'said' };
    for (;;) {
      const { events = [] } = await logs
        .send(new FilterLogEventsCommand(lateLogs))
        .catch(() => ({ events: [] }));
      if (events.length > 0) break;
    }
  });

  test('nothing is corrupted, and a restart has it all', async () => {
    expect(await hearth.stop()).toBe(0);
    for (const file of ['hearth.db', 'logs.db']) {
      const database = new DatabaseSync(join(dataFolder, file));
      expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
      database.close();
    }
    hearth = await startHearth({ dataFolder });
    const client = lambdaClient(hearth.endpoint);
    expect((await invoke(client, 'kept')).payload).toBe('new');
    expect((await invoke(client, 'late')).payload).toBe('late');
  });
});
