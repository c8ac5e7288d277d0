import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DescribeLogGroupsCommand,
  ListTagsForResourceCommand,
  paginateDescribeLogStreams,
  paginateFilterLogEvents,
  PutLogEventsCommand,
  PutSubscriptionFilterCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { logsOperations, serviceApi } from '../src/api/index.ts';
import { loadServiceModel } from '../src/aws-protocol/index.ts';
import { createLog, randomIds, WallClock } from '../src/base/index.ts';
import { runEdge, type RunningEdge } from '../src/edge/edge.fixture.ts';
import { type Database, openDatabase } from '../src/store/index.ts';
import { type Logs, openLogs } from '../src/telemetry/index.ts';

const scope = { account: '000000000000', region: 'eu-west-1' };
const clock = new WallClock();
const folder = mkdtempSync(join(tmpdir(), 'hearth-cloudwatch-'));
let database: Database;
let logs: Logs;
let edge: RunningEdge;
let client: CloudWatchLogsClient;

beforeAll(async () => {
  const log = createLog('silent');
  database = await openDatabase({ file: join(folder, 'logs.db'), survives: 'process-death' }, clock);
  logs = await openLogs({ database, clock, ids: randomIds, log });
  const service = serviceApi(loadServiceModel('logs'), { logs, clock }, logsOperations);
  edge = await runEdge({ logs: service });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  client = new CloudWatchLogsClient({ endpoint: edge.endpoint, region: scope.region, credentials });
});

afterAll(async () => {
  client.destroy();
  await edge.stop();
  await logs.close();
  await database.close();
  rmSync(folder, { recursive: true });
});

function write(group: string, stream: string, ...messages: string[]): void {
  const writer = logs.sink.openStream({ ...scope, group, stream });
  for (const message of messages) writer.append(clock.nowMs(), message);
}

describe('the JavaScript SDK', () => {
  test('creates, puts, reads and describes', async () => {
    const logGroupName = '/sdk/group';
    await client.send(new CreateLogGroupCommand({ logGroupName, tags: { team: 'a' } }));
    await client.send(new CreateLogStreamCommand({ logGroupName, logStreamName: 's' }));
    const logEvents = [{ timestamp: clock.nowMs(), message: 'hello 🔥' }];
    await client.send(new PutLogEventsCommand({ logGroupName, logStreamName: 's', logEvents }));
    const found: unknown[] = [];
    for await (const page of paginateFilterLogEvents({ client }, { logGroupName }))
      found.push(...(page.events ?? []));
    expect(found).toEqual([expect.objectContaining({ ...logEvents[0], logStreamName: 's' })]);
    const { logGroups } = await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: '/sdk/' }));
    const arn = 'arn:aws:logs:eu-west-1:000000000000:log-group:/sdk/group';
    expect(logGroups).toEqual([expect.objectContaining({ logGroupName, arn: `${arn}:*`, logGroupArn: arn })]);
    const { tags } = await client.send(new ListTagsForResourceCommand({ resourceArn: arn }));
    expect(tags).toEqual({ team: 'a' });
  });

  test('walks pages of streams', async () => {
    for (let n = 0; n < 7; n++) write('/sdk/streams', `s${n}`, 'x');
    const names: (string | undefined)[] = [];
    const input = { logGroupName: '/sdk/streams', orderBy: 'LastEventTime', descending: true } as const;
    for await (const page of paginateDescribeLogStreams({ client, pageSize: 3 }, input)) {
      names.push(...(page.logStreams ?? []).map(({ logStreamName }) => logStreamName));
    }
    expect(names).toHaveLength(7);
    expect(new Set(names)).toEqual(new Set(['s0', 's1', 's2', 's3', 's4', 's5', 's6']));
  });

  test('gets the errors of AWS as its own classes, and a refusal by name', async () => {
    const missing = client.send(new CreateLogStreamCommand({ logGroupName: 'missing', logStreamName: 's' }));
    await expect(missing).rejects.toBeInstanceOf(ResourceNotFoundException);
    await expect(missing).rejects.toThrow('The specified log group does not exist.');
    await expect(
      client.send(new CreateLogGroupCommand({ logGroupName: 'g', kmsKeyId: 'k' })),
    ).rejects.toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining('CreateLogGroup: kmsKeyId'),
    });
    await expect(
      client.send(
        new PutSubscriptionFilterCommand({
          logGroupName: 'g',
          filterName: 'f',
          filterPattern: '',
          destinationArn: 'arn:aws:lambda:eu-west-1:000000000000:function:f',
        }),
      ),
    ).rejects.toMatchObject({ name: 'NotImplemented' });
    await expect(client.send(new CreateLogGroupCommand({ logGroupName: 'a b' }))).rejects.toThrow(
      "Value 'a b' at 'logGroupName' failed to satisfy constraint",
    );
  });
});

/** `aws logs tail` exists from version 2 on; Debian's stands in `/usr/bin`. */
function findCli(): string | undefined {
  const version = (program: string): string => {
    try {
      return execFileSync(program, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    } catch {
      return '';
    }
  };
  return ['aws', '/usr/bin/aws', '/usr/local/bin/aws'].find((program) =>
    version(program).startsWith('aws-cli/2'),
  );
}

const cli = findCli();
if (!cli) console.warn('SKIPPED: the AWS CLI version 2 is not installed (apt-get install awscli)');

test('the AWS CLI is there on a CI machine', () => {
  expect(cli !== undefined || process.env['CI'] !== 'true').toBe(true);
});

describe.skipIf(!cli)('the AWS CLI', () => {
  const program = cli ?? '';

  function environment(): NodeJS.ProcessEnv {
    return {
      PATH: process.env['PATH'],
      HOME: folder,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_DEFAULT_REGION: scope.region,
      AWS_PAGER: '',
      PYTHONUNBUFFERED: '1',
    };
  }

  // The variable for the endpoint came with a later version than Debian's.
  async function aws(...args: string[]): Promise<string> {
    const all = ['--endpoint-url', edge.endpoint, 'logs', ...args];
    return (await promisify(execFile)(program, all, { env: environment() })).stdout;
  }

  test('tails a group', async () => {
    write('/aws/lambda/f', '2026/01/01/[$LATEST]abc', 'first line', 'second line');
    const output = await aws('tail', '/aws/lambda/f', '--format', 'short');
    expect(output.split('\n').map((line) => line.replace(/^\S+ /, ''))).toEqual([
      'first line',
      'second line',
      '',
    ]);
  });

  test('follows a group: what is written later appears, each line once', async () => {
    write('/aws/lambda/g', 's', 'before');
    const args = [
      '--endpoint-url',
      edge.endpoint,
      'logs',
      'tail',
      '/aws/lambda/g',
      '--follow',
      '--format',
      'short',
    ];
    const tail: ChildProcess = spawn(program, args, {
      env: environment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(tail, 'exit');
    const seen: string[] = [];
    if (!tail.stdout) throw new Error('no output');
    for await (const line of createInterface({ input: tail.stdout })) {
      seen.push(line.replace(/^\S+ /, ''));
      if (seen.length === 1) write('/aws/lambda/g', 's', 'after');
      if (seen.length === 2) tail.kill('SIGKILL');
    }
    await exited;
    expect(seen).toEqual(['before', 'after']);
  });

  test('sets a retention, tags, and filters as people type it', async () => {
    await aws('create-log-group', '--log-group-name', 'cli');
    await aws('put-retention-policy', '--log-group-name', 'cli', '--retention-in-days', '7');
    await aws('tag-log-group', '--log-group-name', 'cli', '--tags', 'a=b');
    const groups = JSON.parse(await aws('describe-log-groups', '--log-group-name-prefix', 'cli'));
    expect(groups.logGroups).toEqual([expect.objectContaining({ logGroupName: 'cli', retentionInDays: 7 })]);
    write('cli', 's', '{"level":"error","ms":120}', '{"level":"info"}');
    const pattern = '{ $.level = "error" && $.ms > 100 }';
    const query = ['--query', 'events[].message', '--output', 'json'];
    const events = await aws(
      'filter-log-events',
      '--log-group-name',
      'cli',
      '--filter-pattern',
      pattern,
      ...query,
    );
    expect(JSON.parse(events)).toEqual(['{"level":"error","ms":120}\n']);
    await expect(aws('delete-log-group', '--log-group-name', 'nothing')).rejects.toThrow(
      'An error occurred (ResourceNotFoundException) when calling the DeleteLogGroup operation: The specified log group does not exist.',
    );
  });
});
