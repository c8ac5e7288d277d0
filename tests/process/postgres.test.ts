import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateAliasCommand,
  GetFunctionCommand,
  PublishVersionCommand,
  UpdateFunctionCodeCommand,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNode, createPython, invoke, lambdaClient } from '../support/functions.ts';
import { root, type RunningHearth, startHearth } from '../support/hearth.ts';
import { findPostgres, PostgresServer } from '../support/postgres-server.ts';
import { run } from '../support/programs.ts';
import { zip } from '../support/zip.ts';

// That it is there on a CI machine is a test of the store's.
const programs = findPostgres();
if (!programs) process.stderr.write('SKIPPED: PostgreSQL is not installed (apt-get install postgresql)\n');

describe.skipIf(!programs)('a server on PostgreSQL', () => {
  let server: PostgresServer;
  let url: string;
  let dataFolder: string;
  let hearth: RunningHearth;

  beforeAll(async () => {
    server = await PostgresServer.start(programs ?? '');
    url = await server.createDatabase();
    dataFolder = mkdtempSync(join(tmpdir(), 'hearth-postgres-'));
    hearth = await start();
  });

  afterAll(async () => {
    try {
      await hearth.dispose();
    } finally {
      // Also where Hearth did not start.
      await server.stop();
    }
  });

  function start(): Promise<RunningHearth> {
    return startHearth({ dataFolder, args: ['--store', url] });
  }

  function source(word: string): string {
    return `def handler(event, context):\n    print("heard", event["word"])\n    return "${word}"\n`;
  }

  /** Messages of the function's log group that contain `term`, once there are any. */
  async function logged(name: string, term: string): Promise<readonly string[]> {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const logs = new CloudWatchLogsClient({ endpoint: hearth.endpoint, region: 'us-east-1', credentials });
    for (;;) {
      const command = new FilterLogEventsCommand({
        logGroupName: `/aws/lambda/${name}`,
        filterPattern: term,
      });
      const { events = [] } = await logs.send(command).catch(() => ({ events: [] }));
      if (events.length > 0) return events.map(({ message = '' }) => message.trimEnd());
    }
  }

  test('deploys, invokes, versions and logs', async () => {
    const client = lambdaClient(hearth.endpoint);
    await createPython(client, 'greeter', source('old'));
    expect((await invoke(client, 'greeter', { word: 'one' })).payload).toBe('old');
    await client.send(new PublishVersionCommand({ FunctionName: 'greeter' }));
    await client.send(
      new CreateAliasCommand({ FunctionName: 'greeter', Name: 'live', FunctionVersion: '1' }),
    );
    await client.send(
      new UpdateFunctionCodeCommand({ FunctionName: 'greeter', ZipFile: zip({ 'app.py': source('new') }) }),
    );
    await waitUntilFunctionUpdatedV2(
      { client, maxWaitTime: 60, minDelay: 0.05, maxDelay: 0.5 },
      { FunctionName: 'greeter' },
    );
    expect((await invoke(client, 'greeter', { word: 'two' })).payload).toBe('new');
    expect((await invoke(client, 'greeter', { word: 'three' }, 'live')).payload).toBe('old');
    expect(await logged('greeter', 'three')).toEqual(['heard three']);
  });

  test('has everything after a restart', async () => {
    await hearth.stop();
    hearth = await start();
    const client = lambdaClient(hearth.endpoint);
    expect((await invoke(client, 'greeter', { word: 'four' })).payload).toBe('new');
    expect((await invoke(client, 'greeter', { word: 'five' }, 'live')).payload).toBe('old');
    expect(await logged('greeter', 'three')).toEqual(['heard three']);
  });

  test('has everything after a crash, and starts at once on the database that the killed one held', async () => {
    const client = lambdaClient(hearth.endpoint);
    await createNode(client, 'newcomer', 'export const handler = async () => "here";\n');
    await hearth.kill();
    hearth = await start();
    const after = lambdaClient(hearth.endpoint);
    expect((await invoke(after, 'newcomer')).payload).toBe('here');
    expect((await invoke(after, 'greeter', { word: 'six' }, 'live')).payload).toBe('old');
  });

  test('goes on when the database closes its connections', async () => {
    const admin = postgres(url, { max: 1 });
    await admin`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hearth'`;
    await admin.end();
    const client = lambdaClient(hearth.endpoint);
    for (;;) {
      const found = await client.send(new GetFunctionCommand({ FunctionName: 'greeter' })).catch(awsShaped);
      if (found?.Configuration?.State === 'Active') break;
    }
    await createPython(client, 'later', source('later'));
    expect((await invoke(client, 'later', { word: 'seven' })).payload).toBe('later');
    expect(await logged('later', 'seven')).toEqual(['heard seven']);
  });

  test('refuses a second server on the same database, whatever its data folder', async () => {
    const second = await startElsewhere(url);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain('another Hearth server uses this database');
  });

  test('is refused where the address is none, with the reason', async () => {
    const other = await startElsewhere('mysql://x');
    expect(other.code).toBe(1);
    expect(other.stderr).toContain('neither sqlite nor a postgres:// address');
  });
});

/** A start that fails: its exit code and output. */
async function startElsewhere(store: string): ReturnType<typeof run> {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-postgres-'));
  const launcher = [process.execPath, join(root, 'bin/hearth.js'), 'start', '--port', '0'];
  const done = await run([...launcher, '--data-dir', folder, '--store', store]);
  rmSync(folder, { recursive: true });
  return done;
}

/** While a connection is being replaced, a call may fail as AWS's do. */
function awsShaped(error: unknown): undefined {
  expect(error).toMatchObject({ name: 'ServiceException' });
}
