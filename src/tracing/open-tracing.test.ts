import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryDatabase } from '../../tests/support/temporary-database.ts';
import { testVersion } from '../../tests/support/environments.ts';
import { createLog, ManualClock, randomIds } from '../base/index.ts';
import type { Database } from '../store/index.ts';
import { openTracing, type Tracing } from './open-tracing.ts';
import { SegmentsStore, traceLimits } from './segments-store.ts';

const clock = new ManualClock(Date.UTC(2026, 0, 1));
const scope = { account: '000000000000', region: 'us-east-1' };
const version = testVersion({ tracingMode: 'Active' });

let database: Awaited<ReturnType<typeof temporaryDatabase>>;
let tracing: Tracing;

beforeAll(async () => {
  database = await temporaryDatabase([]);
  tracing = await open(database.database);
});
afterAll(() => database[Symbol.asyncDispose]());

function open(on: Database): Promise<Tracing> {
  return openTracing({ database: on, clock, ids: randomIds, log: createLog('silent') });
}

function document(trace: string, id: string, more: object = {}): string {
  return JSON.stringify({ id, trace_id: trace, name: 'n', start_time: 1_767_225_600, ...more });
}

function datagram(text: string): Buffer {
  return Buffer.from(`{"format":"json","version":1}\n${text}`);
}

const traceAt = (second: number, index = 0): string =>
  `1-${(1_767_225_600 + second).toString(16)}-${index.toString(16).padStart(24, '0')}`;
const id = (index: number): string => index.toString(16).padStart(16, '0');

test('a function cannot replace the segments of Lambda, nor those of a caller, by its daemon', async () => {
  const trace = tracing.tracer.begin(version, `Root=${traceAt(1)};Sampled=1`);
  const common = {
    trace,
    version,
    requestId: 'r',
    invokedFunctionArn: 'arn',
    startMs: 1,
    endMs: 2,
    failed: false,
  };
  tracing.tracer.end(common);
  tracing.tracer.receive(version, datagram(document(trace.traceId, trace.segmentId, { name: 'forged' })));
  const read = await tracing.read(scope, trace.traceId);
  expect(read?.segments.map(({ members }) => members['name']).sort()).toEqual(['fn', 'fn', 'forged']);
});

test('a segment that was in progress is replaced by the same, finished', async () => {
  for (const more of [{ in_progress: true }, { end_time: 1_767_225_601 }]) {
    tracing.tracer.receive(version, datagram(document(traceAt(2), id(1), more)));
  }
  const read = await tracing.read(scope, traceAt(2));
  expect(read?.segments.map(({ members }) => members)).toEqual([
    expect.not.objectContaining({ in_progress: true }),
  ]);
});

test('what a function sends is of its own account and region alone, and what is no segment is nothing', async () => {
  tracing.tracer.receive(testVersion({ account: '111111111111' }), datagram(document(traceAt(3), id(1))));
  tracing.tracer.receive(version, Buffer.from('noise'));
  tracing.tracer.receive(version, datagram('{"id":1}'));
  expect(await tracing.read(scope, traceAt(3))).toBeUndefined();
  expect(await tracing.read({ ...scope, account: '111111111111' }, traceAt(3))).toBeDefined();
});

test('segments beyond what may wait are lost, and of one account sooner than of the others', async () => {
  const filler = { metadata: { text: 'x'.repeat(60_000) } };
  for (let index = 0; index < 200; index++) {
    tracing.tracer.receive(version, datagram(document(traceAt(4), id(index), filler)));
  }
  tracing.tracer.receive(testVersion({ account: '222222222222' }), datagram(document(traceAt(4), id(1))));
  const kept = (await tracing.read(scope, traceAt(4)))?.segments.length ?? 0;
  expect(kept).toBe(Math.ceil((2 * 2 ** 20) / (60_000 + 130)));
  expect(await tracing.read({ ...scope, account: '222222222222' }, traceAt(4))).toBeDefined();
});

test('the list goes by when traces began, and after the last of the page before', async () => {
  const other = { ...scope, account: '333333333333' };
  await tracing.put(
    other,
    [traceAt(10), traceAt(11), traceAt(11, 1), traceAt(12)].map((trace) => document(trace, id(1))),
  );
  const range = { fromSecond: 1_767_225_610.9, toSecond: 1_767_225_611, limit: 2 };
  expect(await tracing.list(other, range)).toEqual([traceAt(10), traceAt(11)]);
  expect(await tracing.list(other, { ...range, after: traceAt(11) })).toEqual([traceAt(11, 1)]);
});

test('what is older than thirty days goes, and the oldest of more than may be kept', async () => {
  const store = new SegmentsStore(database.database);
  await tracing.clear();
  await tracing.put(scope, [document(traceAt(20), id(1))]);
  clock.advance(traceLimits.ageMs);
  await tracing.put(scope, [document(traceAt(21), id(1))]);
  clock.advance(1);
  await store.prune(clock.nowMs());
  expect([await tracing.read(scope, traceAt(20)), (await tracing.read(scope, traceAt(21)))?.id]).toEqual([
    undefined,
    traceAt(21),
  ]);
  await store.prune(clock.nowMs(), { ...traceLimits, documents: 0 });
  expect(await tracing.read(scope, traceAt(21))).toBeUndefined();
});
