import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { PublishVersionCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNode, invoke, lambdaClient } from '../support/functions.ts';
import { type RunningHearth, root, startHearth } from '../support/hearth.ts';
import { findPostgres, PostgresServer } from '../support/postgres-server.ts';
import { run } from '../support/programs.ts';

// That it is there on a CI machine is a test of the store's.
const programs = findPostgres();
if (!programs) console.warn('SKIPPED: PostgreSQL is not installed (apt-get install postgresql)');

describe.skipIf(!programs)('a server on PostgreSQL', () => {
  let postgres: PostgresServer;
  let hearth: RunningHearth;

  beforeAll(async () => {
    postgres = await PostgresServer.start(programs ?? '');
  });

  afterAll(async () => {
    await hearth?.dispose();
    await postgres.stop();
  });

  test('has functions, versions and logs again after kill -9', async () => {
    const args = ['--store', await postgres.createDatabase()];
    hearth = await startHearth({ args });
    const first = lambdaClient(hearth.endpoint);
    await createNode(
      first,
      'kept',
      'export const handler = async (event) => (console.log("seen"), event.n);\n',
    );
    await first.send(new PublishVersionCommand({ FunctionName: 'kept' }));
    expect((await invoke(first, 'kept', { n: 1 })).payload).toBe(1);
    expect(await messages(hearth.endpoint)).toEqual([expect.stringContaining('seen')]);
    await hearth.kill();

    hearth = await startHearth({ args, dataFolder: hearth.dataFolder });
    const second = lambdaClient(hearth.endpoint);
    expect((await invoke(second, 'kept:1', { n: 2 })).payload).toBe(2);
    expect(await messages(hearth.endpoint)).toHaveLength(2);
  });

  test('that is none is refused at start, with the reason', async () => {
    const program = [process.execPath, `${root}/bin/hearth.js`, 'start', '--port', '0'];
    const done = await run([...program, '--data-dir', `${hearth.dataFolder}/other`, '--store', 'mysql://x']);
    expect(done.code).not.toBe(0);
    expect(done.stderr).toContain('neither sqlite nor a postgres:// address');
  });
});

async function messages(endpoint: string): Promise<(string | undefined)[]> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new CloudWatchLogsClient({ endpoint, region: 'us-east-1', credentials });
  const input = { logGroupName: '/aws/lambda/kept', filterPattern: 'seen' };
  const { events = [] } = await client.send(new FilterLogEventsCommand(input));
  client.destroy();
  return events.map(({ message }) => message);
}
