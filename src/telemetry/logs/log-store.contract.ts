import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLog, ManualClock, randomIds } from '../../base/index.ts';
import { type Database, type DatabaseLocation, openDatabase } from '../../store/index.ts';
import { type LogEvent, type Logs, openLogs, positionAfter, positionAt, readEvents } from '../index.ts';
import { bufferLimits } from './buffered-log-sink.ts';
import { packChunks } from './chunk.ts';

const scope = { account: '000000000000', region: 'us-east-1' };
const dayMs = 24 * 60 * 60_000;
const farMs = 2 ** 42;

async function collect(events: AsyncIterable<LogEvent>): Promise<LogEvent[]> {
  const collected: LogEvent[] = [];
  for await (const event of events) collected.push(event);
  return collected;
}

/** The log store on every database. `makeLocation` makes a place for an empty one, a new one each time. */
export function logStoreContract(name: string, makeLocation: () => Promise<DatabaseLocation>): void {
  describe(`the log store on ${name}`, () => {
    let location: DatabaseLocation;
    let clock: ManualClock;
    let database: Database;
    let logs: Logs;

    async function open(maxStoredBytes?: number): Promise<void> {
      database = await openDatabase(location, clock);
      const options = { database, clock, ids: randomIds, log: createLog('silent') };
      logs = await openLogs(maxStoredBytes === undefined ? options : { ...options, maxStoredBytes });
    }

    async function close(): Promise<void> {
      await logs.close();
      await database.close();
    }

    beforeEach(async () => {
      location = await makeLocation();
      clock = new ManualClock();
      await open();
    });
    afterEach(close);

    function write(stream: string, ...messages: string[]): void {
      const writer = logs.sink.openStream({ ...scope, group: '/aws/lambda/f', stream });
      for (const message of messages) writer.append(clock.nowMs(), message);
    }

    async function groupId(group = '/aws/lambda/f'): Promise<string> {
      return (await logs.groups.findGroup(scope, group))?.id ?? 'missing';
    }

    async function read(direction: 'forward' | 'backward' = 'forward', fromMs = 0): Promise<LogEvent[]> {
      const start = positionAt(direction === 'forward' ? 0 : farMs);
      const chunkScope = { groupId: await groupId() };
      return collect(readEvents(logs.chunks, chunkScope, { fromMs, toMs: farMs, start, direction }));
    }

    async function messages(): Promise<string[]> {
      return (await read()).map(({ message }) => message);
    }

    test('the first event makes group and stream, and is readable with its newline', async () => {
      write('s', 'hello');
      await logs.sink.flush();
      expect(await messages()).toEqual(['hello\n']);
      const [stream] = await logs.groups.listStreams(await groupId(), {
        orderBy: 'name',
        descending: false,
        limit: 10,
      });
      expect(stream).toMatchObject({ name: 's', firstEventMs: clock.nowMs(), lastEventMs: clock.nowMs() });
    });

    test('events are stored 100 ms after the first, by the clock alone', async () => {
      write('s', 'hello');
      clock.advance(99);
      expect(await logs.groups.findGroup(scope, '/aws/lambda/f')).toBeUndefined();
      clock.advance(1);
      await logs.sink.flush();
      expect(await messages()).toEqual(['hello\n']);
    });

    test('events survive a restart, and new ones come behind them', async () => {
      write('s', 'before');
      await close();
      clock.advance(1);
      await open();
      write('s', 'after');
      await logs.sink.flush();
      expect(await messages()).toEqual(['before\n', 'after\n']);
    });

    test('events of equal time keep the order in which they were appended, across flushes', async () => {
      const expected: string[] = [];
      const writer = logs.sink.openStream({ ...scope, group: '/aws/lambda/f', stream: 's' });
      for (let round = 0; round < 3; round++) {
        for (let n = 0; n < 50; n++) {
          writer.append(clock.nowMs(), `${round} ${n}`);
          expected.push(`${round} ${n}\n`);
        }
        await logs.sink.flush();
      }
      expect(await messages()).toEqual(expected);
      expect((await read('backward')).map(({ message }) => message)).toEqual(expected.toReversed());
    });

    test('streams whose chunks overlap in time are read in the order of time, both ways', async () => {
      const writers = ['a', 'b', 'c'].map((stream) =>
        logs.sink.openStream({ ...scope, group: '/aws/lambda/f', stream }),
      );
      const startMs = clock.nowMs();
      for (let n = 0; n < 600; n++) {
        // Out of order by up to 1.5 s, as runtimes with their own time stamps may be.
        writers[n % 3]?.append(clock.nowMs() + ((n * 7919) % 1_500), `${n}`);
        clock.advance(3);
        if (n % 40 === 0) await logs.sink.flush();
      }
      await logs.sink.flush();
      const forward = (await read()).map(({ position }) => position);
      expect(forward).toHaveLength(600);
      expect(forward.map(({ timestampMs }) => timestampMs)).toEqual(
        forward.map(({ timestampMs }) => timestampMs).toSorted((a, b) => a - b),
      );
      expect((await read('backward')).map(({ position }) => position)).toEqual(forward.toReversed());
      expect((await read('forward', startMs + 900)).length).toBe(
        forward.filter(({ timestampMs }) => timestampMs >= startMs + 900).length,
      );
    });

    test('reading can go on from behind any event, in either direction', async () => {
      write('a', 'one', 'two');
      await logs.sink.flush();
      write('b', 'three');
      write('a', 'four');
      await logs.sink.flush();
      const all = await read();
      for (const [at, { position }] of all.entries()) {
        const range = { fromMs: 0, toMs: farMs };
        const chunkScope = { groupId: await groupId() };
        const start = positionAfter(position);
        const behind = readEvents(logs.chunks, chunkScope, { ...range, start, direction: 'forward' });
        expect(await collect(behind)).toEqual(all.slice(at + 1));
        const before = readEvents(logs.chunks, chunkScope, { ...range, start, direction: 'backward' });
        expect(await collect(before)).toEqual(all.slice(0, at + 1).toReversed());
      }
    });

    test('a scope of streams leaves out the others', async () => {
      write('one/a', '1');
      write('one/b', '2');
      write('two', '3');
      await logs.sink.flush();
      const id = await groupId();
      const [a, two] = await logs.groups.findStreams(id, ['one/a', 'two']);
      const range = { fromMs: 0, toMs: farMs, start: positionAt(0), direction: 'forward' } as const;
      const readScope = async (streams: { ids: string[] } | { prefix: string }): Promise<string[]> => {
        const events = await collect(readEvents(logs.chunks, { groupId: id, streams }, range));
        return events.map(({ message }) => message).sort();
      };
      expect(await readScope({ ids: [a?.id ?? ''] })).toEqual(['1\n']);
      expect(await readScope({ ids: [a?.id ?? '', two?.id ?? ''] })).toEqual(['1\n', '3\n']);
      expect(await readScope({ prefix: 'one/' })).toEqual(['1\n', '2\n']);
    });

    test('time stamps of a runtime are believed within five seconds', async () => {
      const writer = logs.sink.openStream({ ...scope, group: '/aws/lambda/f', stream: 's' });
      const nowMs = clock.nowMs();
      for (const timestampMs of [0, nowMs - 4_000.7, nowMs + 4_000, 2 ** 60, Number.NaN])
        writer.append(timestampMs, 'x');
      await logs.sink.flush();
      expect((await read()).map(({ position }) => position.timestampMs - nowMs)).toEqual([
        -5_000, -4_001, 4_000, 5_000, 5_000,
      ]);
    });

    test('a stream that was deleted while it is written to comes back with its next event', async () => {
      const writer = logs.sink.openStream({ ...scope, group: '/aws/lambda/f', stream: 's' });
      writer.append(clock.nowMs(), 'old');
      await logs.sink.flush();
      await logs.groups.deleteGroup(await groupId());
      writer.append(clock.nowMs(), 'new');
      await logs.sink.flush();
      expect(await messages()).toEqual(['new\n']);
    });

    test('chunks of deleted groups and streams are collected', async () => {
      write('a', 'x');
      write('b', 'x');
      await logs.sink.flush();
      const [a] = await logs.groups.findStreams(await groupId(), ['a']);
      await logs.groups.deleteStream(a?.id ?? '');
      await logs.pruner.prune();
      expect(await database.query('SELECT COUNT(*) AS n FROM log_chunks')).toEqual([{ n: 1 }]);
      await logs.groups.deleteGroup(await groupId());
      await logs.pruner.prune();
      expect(await database.query('SELECT COUNT(*) AS n FROM log_chunks')).toEqual([{ n: 0 }]);
      expect(await database.query('SELECT COUNT(*) AS n FROM log_garbage')).toEqual([{ n: 0 }]);
    });

    test('retention deletes what is older, by itself, and keeps what is not', async () => {
      write('s', 'old');
      await logs.sink.flush();
      clock.advance(2 * dayMs);
      write('s', 'new');
      await logs.sink.flush();
      await logs.pruner.prune();
      expect(await messages()).toEqual(['old\n', 'new\n']);
      await logs.groups.setRetention(await groupId(), 1);
      clock.advance(10 * 60_000);
      await logs.pruner.prune();
      expect(await messages()).toEqual(['new\n']);
      expect(await logs.groups.findGroup(scope, '/aws/lambda/f')).toMatchObject({
        storedBytes: 4,
        retentionDays: 1,
      });
    });

    test('beyond the limit for all logs the oldest go first', async () => {
      await close();
      await open(2_500);
      for (let n = 0; n < 1_000; n++) {
        write(`stream ${n % 5}`, String(n));
        await logs.sink.flush();
        clock.advance(1);
      }
      await logs.pruner.prune();
      const kept = await messages();
      expect(kept.length).toBeGreaterThan(0);
      expect(kept.join('').length).toBeLessThanOrEqual(2_500);
      expect(kept.at(-1)).toBe('999\n');
    });

    test('a flood is held to that limit while it goes on, without waiting for the next round', async () => {
      await close();
      await open(100_000);
      for (let n = 0; n < 40; n++) {
        write('flood', 'x'.repeat(50_000));
        await logs.sink.flush();
      }
      await expect.poll(() => logs.chunks.storedBytes()).toBeLessThanOrEqual(100_000);
    });

    test('append asks for a pause when the store falls behind, and drained ends it', async () => {
      const writer = logs.sink.openStream({ ...scope, group: '/aws/lambda/f', stream: 's' });
      const line = 'x'.repeat(100_000);
      let appended = 1;
      while (writer.append(clock.nowMs(), line)) appended++;
      const modest = logs.sink.openStream({ ...scope, group: '/aws/lambda/modest', stream: 's' });
      expect(modest.append(clock.nowMs(), 'goes on')).toBe(true);
      expect(appended * line.length).toBeGreaterThan(bufferLimits.pause * 0.9);
      await logs.sink.drained();
      expect(writer.append(clock.nowMs(), 'more')).toBe(true);
      await logs.sink.flush();
      expect(await messages()).toHaveLength(appended + 1);
    });

    test('a caller that does not pause loses events, and the log says how many', async () => {
      const writer = logs.sink.openStream({ ...scope, group: '/aws/lambda/f', stream: 's' });
      const line = 'x'.repeat(1_000_000);
      for (let n = 0; n < 80; n++) writer.append(clock.nowMs(), line);
      await logs.sink.flush();
      const all = await messages();
      const dropped = 80 - (all.length - 1);
      expect(dropped).toBeGreaterThan(0);
      expect(all.at(-1)).toBe(
        `Hearth dropped ${dropped} log events here: they came faster than they could be stored.\n`,
      );
    });

    test('groups are told apart by account and region', async () => {
      expect(await logs.groups.createGroup(scope, 'g', 1, { a: 'b' })).toBe(true);
      expect(await logs.groups.createGroup(scope, 'g', 2, {})).toBe(false);
      const other = { ...scope, account: '111111111111' };
      expect(await logs.groups.findGroup(other, 'g')).toBeUndefined();
      expect(await logs.groups.createGroup(other, 'g', 3, {})).toBe(true);
      expect(await logs.groups.findGroup(scope, 'g')).toMatchObject({
        createdMs: 1,
        tags: { a: 'b' },
        storedBytes: 0,
      });
    });

    test('groups and streams are listed page by page, by prefix', async () => {
      for (const name of ['b/2', 'a', 'b/1', 'b/3', 'c']) await logs.groups.createGroup(scope, name, 1, {});
      const first = await logs.groups.listGroups(scope, { prefix: 'b/', after: '', limit: 2 });
      expect(first.map((group) => group.name)).toEqual(['b/1', 'b/2']);
      const second = await logs.groups.listGroups(scope, { prefix: 'b/', after: 'b/2', limit: 2 });
      expect(second.map((group) => group.name)).toEqual(['b/3']);

      const id = await groupId('a');
      for (const name of ['x', 'y', 'z']) await logs.groups.createStream(id, name, 1);
      await logs.chunks.append(await streamIds(id, 'y'), packChunks([5], ['m']), 6);
      const byTime = { orderBy: 'last-event', descending: true, limit: 2 } as const;
      const [newest, next] = await logs.groups.listStreams(id, byTime);
      expect([newest?.name, next?.name]).toEqual(['y', 'z']);
      const after = { name: 'z', lastEventMs: 0 };
      const rest = await logs.groups.listStreams(id, { ...byTime, after });
      expect(rest.map((stream) => stream.name)).toEqual(['x']);
    });

    async function streamIds(id: string, stream: string): Promise<{ groupId: string; streamId: string }> {
      const [found] = await logs.groups.findStreams(id, [stream]);
      return { groupId: id, streamId: found?.id ?? 'missing' };
    }
  });
}
