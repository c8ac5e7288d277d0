import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  DescribeLogGroupsResponse,
  DescribeLogStreamsResponse,
  FilterLogEventsResponse,
  GetLogEventsResponse,
  PutLogEventsResponse,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { databaseLocation } from '../../../tests/support/database-location.ts';
import { createLog, ManualClock, randomIds } from '../../base/index.ts';
import { type Database, openDatabase } from '../../store/index.ts';
import { type Logs, openLogs } from '../../telemetry/index.ts';
import { type CallContext, logsOperations } from '../index.ts';

const context: CallContext = {
  account: '000000000000',
  region: 'eu-west-1',
  requestId: 'r',
  caller: { account: '000000000000', arn: 'arn:aws:iam::000000000000:root', userId: 'u' },
  origin: 'host',
  verified: false,
  baseUrl: 'http://127.0.0.1:4566',
};
const groupArn = 'arn:aws:logs:eu-west-1:000000000000:log-group:/aws/lambda/f';

let folder: string;
let clock: ManualClock;
let database: Database;
let logs: Logs;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hearth-logs-api-'));
  clock = new ManualClock();
  database = await openDatabase(await databaseLocation(folder), clock);
  logs = await openLogs({ database, clock, ids: randomIds, log: createLog('silent') });
});

afterEach(async () => {
  await logs.close();
  await database.close();
  rmSync(folder, { recursive: true });
});

/** As the API's dispatch calls an operation once the input has passed the model. */
async function call<Output>(name: string, input: object, as: CallContext = context): Promise<Output> {
  const operation = logsOperations.find((one) => one.name === name);
  if (!operation) throw new Error(`no operation ${name}`);
  return (await operation.run({ logs, clock }, input as never, as)) as Output;
}

const group = { logGroupName: '/aws/lambda/f' };

function write(stream: string, ...messages: string[]): void {
  const writer = logs.sink.openStream({ ...context, group: group.logGroupName, stream });
  for (const message of messages) writer.append(clock.nowMs(), message);
}

async function filtered(input: object = {}): Promise<string[]> {
  const { events = [] } = await call<FilterLogEventsResponse>('FilterLogEvents', { ...group, ...input });
  return events.map(({ message = '' }) => message.trimEnd());
}

test('groups are described by name or ARN, page by page, and by no other filter besides', async () => {
  for (const logGroupName of ['/b', '/a', '/c']) await call('CreateLogGroup', { logGroupName });
  const arn = `arn:aws:logs:${context.region}:${context.account}:log-group:/a`;
  const logGroupIdentifiers = ['/c', arn];
  const page = async (more: object = {}) => {
    const found = await call<DescribeLogGroupsResponse>('DescribeLogGroups', {
      logGroupIdentifiers,
      limit: 1,
      ...more,
    });
    return { names: found.logGroups?.map(({ logGroupName }) => logGroupName), nextToken: found.nextToken };
  };
  const { names, nextToken } = await page();
  expect(names).toEqual(['/a']);
  expect(await page({ nextToken })).toEqual({ names: ['/c'], nextToken: undefined });
  await expect(page({ logGroupNamePrefix: '/a' })).rejects.toMatchObject({
    code: 'InvalidParameterException',
  });
  await expect(page({ logGroupIdentifiers: ['/d'] })).rejects.toMatchObject({
    code: 'ResourceNotFoundException',
  });
});

test('a group is created once, described with its ARNs, and deleted', async () => {
  await call('CreateLogGroup', { ...group, tags: { team: 'a' } });
  await expect(call('CreateLogGroup', group)).rejects.toMatchObject({
    code: 'ResourceAlreadyExistsException',
    status: 400,
    message: 'The specified log group already exists',
  });
  const { logGroups } = await call<DescribeLogGroupsResponse>('DescribeLogGroups', {});
  expect(logGroups).toEqual([
    {
      logGroupName: '/aws/lambda/f',
      creationTime: clock.nowMs(),
      metricFilterCount: 0,
      arn: `${groupArn}:*`,
      logGroupArn: groupArn,
      storedBytes: 0,
      logGroupClass: 'STANDARD',
      deletionProtectionEnabled: false,
    },
  ]);
  await call('DeleteLogGroup', group);
  await expect(call('DeleteLogGroup', group)).rejects.toMatchObject({
    code: 'ResourceNotFoundException',
    message: 'The specified log group does not exist.',
  });
});

test('groups are described page by page, by prefix, by pattern, by identifier', async () => {
  for (const name of ['a', 'svc/one', 'svc/three', 'svc/two'])
    await call('CreateLogGroup', { logGroupName: name });
  const names = async (input: object): Promise<(string | undefined)[]> => {
    const { logGroups = [] } = await call<DescribeLogGroupsResponse>('DescribeLogGroups', input);
    return logGroups.map(({ logGroupName }) => logGroupName);
  };
  const first = await call<DescribeLogGroupsResponse>('DescribeLogGroups', {
    logGroupNamePrefix: 'svc/',
    limit: 2,
  });
  expect(first.logGroups?.map(({ logGroupName }) => logGroupName)).toEqual(['svc/one', 'svc/three']);
  expect(await names({ logGroupNamePrefix: 'svc/', limit: 2, nextToken: first.nextToken })).toEqual([
    'svc/two',
  ]);
  expect(await names({ logGroupNamePattern: 'o' })).toEqual(['svc/one', 'svc/two']);
  expect(
    await names({ logGroupIdentifiers: ['arn:aws:logs:eu-west-1:000000000000:log-group:a:*', 'svc/one'] }),
  ).toEqual(['a', 'svc/one']);
  expect(await names({ logGroupClass: 'INFREQUENT_ACCESS' })).toEqual([]);
  await expect(names({ nextToken: 'made up' })).rejects.toMatchObject({ code: 'InvalidParameterException' });
});

test('groups of another region or account are not seen', async () => {
  await call('CreateLogGroup', group);
  const elsewhere = { ...context, region: 'us-east-1' };
  expect(await call('DescribeLogGroups', {}, elsewhere)).toEqual({ logGroups: [] });
  await expect(call('ListTagsForResource', { resourceArn: groupArn }, elsewhere)).rejects.toMatchObject({
    code: 'ResourceNotFoundException',
  });
});

test('retention is put and taken away; only the days that AWS offers', async () => {
  await call('CreateLogGroup', group);
  await call('PutRetentionPolicy', { ...group, retentionInDays: 7 });
  const described = async (): Promise<unknown> =>
    (await call<DescribeLogGroupsResponse>('DescribeLogGroups', {})).logGroups?.[0]?.retentionInDays;
  expect(await described()).toBe(7);
  await call('DeleteRetentionPolicy', group);
  expect(await described()).toBeUndefined();
  await expect(call('PutRetentionPolicy', { ...group, retentionInDays: 2 })).rejects.toMatchObject({
    code: 'InvalidParameterException',
  });
});

test('events beyond the retention are not shown, deleted or not', async () => {
  write('s', 'old');
  await logs.sink.flush();
  clock.advance(36 * 3_600_000);
  write('s', 'new');
  const [found] = (await call<DescribeLogGroupsResponse>('DescribeLogGroups', {})).logGroups ?? [];
  expect(found?.storedBytes).toBe(8);
  await logs.groups.setRetention((await logs.groups.findGroup(context, group.logGroupName))?.id ?? '', 1);
  expect(await filtered()).toEqual(['new']);
});

test('tags are set and removed by ARN, with and without its asterisk, and by the older operations', async () => {
  await call('CreateLogGroup', { ...group, tags: { a: '1' } });
  await call('TagResource', { resourceArn: groupArn, tags: { b: '2', a: '3' } });
  await call('TagLogGroup', { ...group, tags: { c: '4' } });
  const all = { tags: { a: '3', b: '2', c: '4' } };
  expect(await call('ListTagsForResource', { resourceArn: groupArn })).toEqual(all);
  expect(await call('ListTagsForResource', { resourceArn: `${groupArn}:*` })).toEqual(all);
  await call('UntagResource', { resourceArn: groupArn, tagKeys: ['a', 'missing'] });
  await call('UntagLogGroup', { ...group, tags: ['b'] });
  expect(await call('ListTagsLogGroup', group)).toEqual({ tags: { c: '4' } });
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`k${n}`, 'v']));
  await expect(call('TagResource', { resourceArn: groupArn, tags: many })).rejects.toMatchObject({
    code: 'TooManyTagsException',
  });
  await expect(call('ListTagsForResource', { resourceArn: `${groupArn}x` })).rejects.toMatchObject({
    code: 'ResourceNotFoundException',
  });
  await expect(call('ListTagsForResource', { resourceArn: 'arn:aws:s3:::bucket' })).rejects.toMatchObject({
    code: 'InvalidParameterException',
  });
});

test('streams are created, described by name and by last event, and deleted with their events', async () => {
  await call('CreateLogGroup', group);
  await call('CreateLogStream', { ...group, logStreamName: 'b' });
  await expect(call('CreateLogStream', { ...group, logStreamName: 'b' })).rejects.toMatchObject({
    code: 'ResourceAlreadyExistsException',
    message: 'The specified log stream already exists',
  });
  write('c', 'x');
  clock.advance(10);
  write('a', 'x');
  const names = async (input: object): Promise<(string | undefined)[]> => {
    const answer = await call<DescribeLogStreamsResponse>('DescribeLogStreams', { ...group, ...input });
    return (answer.logStreams ?? []).map(({ logStreamName }) => logStreamName);
  };
  expect(await names({})).toEqual(['a', 'b', 'c']);
  expect(await names({ orderBy: 'LastEventTime', descending: true })).toEqual(['a', 'c', 'b']);
  const first = await call<DescribeLogStreamsResponse>('DescribeLogStreams', {
    ...group,
    limit: 2,
    descending: true,
  });
  expect(await names({ limit: 2, descending: true, nextToken: first.nextToken })).toEqual(['a']);
  expect(first.logStreams?.[0]).toMatchObject({
    logStreamName: 'c',
    firstEventTimestamp: clock.nowMs() - 10,
    lastEventTimestamp: clock.nowMs() - 10,
    arn: `${groupArn}:log-stream:c`,
    storedBytes: 0,
  });
  await expect(names({ orderBy: 'LastEventTime', logStreamNamePrefix: 'a' })).rejects.toMatchObject({
    message: 'Cannot order by LastEventTime with a logStreamNamePrefix.',
  });
  await call('DeleteLogStream', { ...group, logStreamName: 'a' });
  expect(await filtered()).toEqual(['x']);
  await expect(call('DeleteLogStream', { ...group, logStreamName: 'a' })).rejects.toMatchObject({
    message: 'The specified log stream does not exist.',
  });
});

test('events that were put are read back as they were, in order', async () => {
  await call('CreateLogGroup', group);
  await call('CreateLogStream', { ...group, logStreamName: 's' });
  const nowMs = clock.nowMs();
  const logEvents = [
    { timestamp: nowMs - 20 * 3_600_000, message: 'yesterday' },
    { timestamp: nowMs - 1, message: 'just now' },
    { timestamp: nowMs, message: 'naïve 🔥\nsecond line' },
  ];
  const answer = await call<PutLogEventsResponse>('PutLogEvents', {
    ...group,
    logStreamName: 's',
    logEvents,
  });
  expect(answer.rejectedLogEventsInfo).toBeUndefined();
  const { events } = await call<GetLogEventsResponse>('GetLogEvents', { ...group, logStreamName: 's' });
  expect(events).toEqual(logEvents.map((event) => ({ ...event, ingestionTime: nowMs })));
});

test('events too old or too new are rejected by their place, the rest is kept', async () => {
  await call('CreateLogGroup', group);
  await call('CreateLogStream', { ...group, logStreamName: 's' });
  const put = (offsets: number[]): Promise<PutLogEventsResponse> =>
    call('PutLogEvents', {
      ...group,
      logStreamName: 's',
      logEvents: offsets.map((offset) => ({ timestamp: clock.nowMs() + offset, message: `${offset}` })),
    });
  const hour = 3_600_000;
  expect((await put([0, 2 * hour, 2 * hour + 1])).rejectedLogEventsInfo).toEqual({
    tooNewLogEventStartIndex: 2,
  });
  expect((await put([-15 * 24 * hour, -14 * 24 * hour])).rejectedLogEventsInfo).toEqual({
    tooOldLogEventEndIndex: 1,
  });
  expect(await filtered()).toEqual([`${-14 * 24 * hour}`, '0', `${2 * hour}`]);
  await expect(put([0, -1])).rejects.toThrow(/chronological order/);
  await expect(put([-25 * hour, 0])).rejects.toThrow(/span more than 24 hours/);
});

test('a batch above 1 MB is refused, and a stream that does not exist', async () => {
  await call('CreateLogGroup', group);
  const logEvents = [{ timestamp: clock.nowMs(), message: 'x'.repeat(1_048_551) }];
  await expect(call('PutLogEvents', { ...group, logStreamName: 's', logEvents })).rejects.toThrow(
    'Upload too large: 1048577 bytes exceeds limit of 1048576',
  );
  await expect(call('PutLogEvents', { ...group, logStreamName: 's', logEvents: [] })).rejects.toThrow(
    'The specified log stream does not exist.',
  );
});

async function getPage(input: object): Promise<{ texts: string[]; forward: string; backward: string }> {
  const answer = await call<GetLogEventsResponse>('GetLogEvents', { ...group, logStreamName: 's', ...input });
  return {
    texts: (answer.events ?? []).map(({ message = '' }) => message.trimEnd()),
    forward: answer.nextForwardToken ?? '',
    backward: answer.nextBackwardToken ?? '',
  };
}

test('GetLogEvents gives the newest first page, and goes both ways by its tokens', async () => {
  for (let n = 0; n < 10; n++) write('s', `${n}`);
  const newest = await getPage({ limit: 4 });
  expect(newest.texts).toEqual(['6', '7', '8', '9']);
  const before = await getPage({ limit: 4, nextToken: newest.backward });
  expect(before.texts).toEqual(['2', '3', '4', '5']);
  const again = await getPage({ limit: 4, nextToken: before.forward });
  expect(again.texts).toEqual(['6', '7', '8', '9']);
  const oldest = await getPage({ limit: 3, startFromHead: true });
  expect(oldest.texts).toEqual(['0', '1', '2']);
});

test('at the end GetLogEvents gives the token back, which later finds what is new', async () => {
  write('s', 'one');
  const page = await getPage({ startFromHead: true });
  const end = await getPage({ nextToken: page.forward });
  expect(end).toMatchObject({ texts: [], forward: page.forward });
  write('s', 'two');
  expect((await getPage({ nextToken: end.forward })).texts).toEqual(['two']);
  await expect(getPage({ nextToken: 'f/1' })).rejects.toThrow('The specified nextToken is invalid.');
});

test('GetLogEvents leaves out its end time, FilterLogEvents takes it in', async () => {
  const startMs = clock.nowMs();
  for (let n = 0; n < 4; n++) {
    write('s', `${n}`);
    await logs.sink.flush();
    clock.advance(10);
  }
  const range = { startTime: startMs + 10, endTime: startMs + 20 };
  expect((await getPage(range)).texts).toEqual(['1']);
  expect(await filtered(range)).toEqual(['1', '2']);
});

test('FilterLogEvents merges streams in order of time and names each', async () => {
  write('b', 'first');
  clock.advance(1);
  write('a', 'second');
  clock.advance(1);
  write('b', 'third');
  const { events, searchedLogStreams } = await call<FilterLogEventsResponse>('FilterLogEvents', group);
  expect(events?.map(({ logStreamName, message }) => [logStreamName, message])).toEqual([
    ['b', 'first\n'],
    ['a', 'second\n'],
    ['b', 'third\n'],
  ]);
  expect(new Set(events?.map(({ eventId }) => eventId)).size).toBe(3);
  expect(searchedLogStreams).toEqual([]);
  expect(await filtered({ logStreamNames: ['a'] })).toEqual(['second']);
  expect(await filtered({ logStreamNamePrefix: 'b' })).toEqual(['first', 'third']);
  await expect(filtered({ logStreamNames: ['a', 'nobody'] })).rejects.toThrow(
    'The specified log stream does not exist.',
  );
});

test('FilterLogEvents finds every match once across pages, with empty pages on the way', async () => {
  const writer = logs.sink.openStream({ ...context, group: group.logGroupName, stream: 's' });
  for (let n = 0; n < 120_000; n++)
    writer.append(clock.nowMs() + (n % 100), n % 30_000 === 7 ? `match ${n}` : 'noise');
  const found: string[] = [];
  let [pages, nextToken]: [number, string | undefined] = [0, undefined];
  do {
    const input: object = { ...group, filterPattern: 'match', limit: 3, ...(nextToken ? { nextToken } : {}) };
    const answer: FilterLogEventsResponse = await call('FilterLogEvents', input);
    found.push(...(answer.events ?? []).map(({ message = '' }) => message.trimEnd()));
    nextToken = answer.nextToken;
    pages++;
  } while (nextToken !== undefined);
  expect(found.sort()).toEqual(['match 30007', 'match 60007', 'match 7', 'match 90007']);
  expect(pages).toBeGreaterThan(1);
});

test('a page of events ends at one megabyte', async () => {
  write('s', ...Array.from({ length: 30 }, (_, n) => `${n}`.padEnd(100_000, 'x')));
  const first = await getPage({ startFromHead: true });
  expect(first.texts).toHaveLength(10);
  const second = await getPage({ nextToken: first.forward });
  expect(second.texts[0]?.slice(0, 2)).toBe('10');
});

test('patterns that AWS refuses, or Hearth does not have, are refused by name', async () => {
  write('s', 'x');
  await expect(filtered({ filterPattern: '{ $.a' })).rejects.toMatchObject({
    code: 'InvalidParameterException',
  });
  await expect(filtered({ filterPattern: '[a, b]' })).rejects.toMatchObject({
    code: 'NotImplemented',
    message: expect.stringContaining('FilterLogEvents: filterPattern with space-delimited patterns'),
  });
});

test('a group is named by name or identifier, not by both and not by none', async () => {
  write('s', 'x');
  const events = { events: [expect.objectContaining({ message: 'x\n' })], searchedLogStreams: [] };
  expect(await call('FilterLogEvents', { logGroupIdentifier: groupArn })).toEqual(events);
  expect(await call('FilterLogEvents', { logGroupIdentifier: group.logGroupName })).toEqual(events);
  await expect(call('FilterLogEvents', { ...group, logGroupIdentifier: groupArn })).rejects.toMatchObject({
    code: 'InvalidParameterException',
  });
  await expect(call('FilterLogEvents', {})).rejects.toMatchObject({ code: 'InvalidParameterException' });
});

test('no group has subscription filters, an unknown group has none either way', async () => {
  await expect(call('DescribeSubscriptionFilters', group)).rejects.toMatchObject({
    code: 'ResourceNotFoundException',
  });
  await call('CreateLogGroup', group);
  expect(await call('DescribeSubscriptionFilters', group)).toEqual({ subscriptionFilters: [] });
});
