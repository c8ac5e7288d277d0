import { createServer, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { ManualClock } from '../../base/index.ts';
import { parseSubscription, type TelemetryEvent, TelemetryStream } from '../index.ts';

/** A destination on a real socket; `answer` says with which status, or never. */
async function destination(answer: (batch: number) => number | undefined = () => 200) {
  const batches: TelemetryEvent[][] = [];
  let [tries, changed] = [0, Promise.withResolvers<void>()];
  const server = createServer((request: IncomingMessage, response) => {
    void text(request).then((body) => {
      const status = answer(tries++);
      if (status === 200) batches.push(JSON.parse(body) as TelemetryEvent[]);
      if (status !== undefined) response.writeHead(status).end();
      changed.resolve();
      changed = Promise.withResolvers();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => server.close().closeAllConnections());
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await changed.promise;
  };
  return { batches, port, tries: () => tries, until };
}

async function open(answer?: (batch: number) => number | undefined, more: object = {}) {
  const target = await destination(answer);
  const clock = new ManualClock();
  const stream = new TelemetryStream({
    clock,
    jsonLogs: true,
    connect: async (port: number): Promise<Socket> => {
      const socket = connect(port, '127.0.0.1');
      await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
      return socket;
    },
  });
  onTestFinished(() => stream.close());
  const subscription = parseSubscription(
    'telemetry',
    JSON.stringify({
      schemaVersion: '2022-12-13',
      types: ['function'],
      destination: { protocol: 'HTTP', URI: `http://sandbox.localdomain:${target.port}/` },
      ...more,
    }),
  );
  return { ...target, clock, stream, subscription };
}

function line(record: string): TelemetryEvent {
  return { timeMs: 0, type: 'function', record };
}

/** Lets what is pending on sockets happen. */
function settled(stream: TelemetryStream): Promise<void> {
  return expect.poll(() => stream.active).toBe(false);
}

test('events wait for their batch, and the backlog of Init comes first', async () => {
  const { stream, subscription, clock, batches, until } = await open();
  stream.publish(line('before'));
  stream.publish({ timeMs: 0, type: 'extension', record: 'not asked for' });
  stream.subscribe('agent', subscription);
  stream.publish(line('{"level":"INFO"}'));
  clock.advance(999);
  expect([batches, stream.active]).toEqual([[], false]);
  clock.advance(1);
  await until(() => batches.length === 1);
  const time = '1970-01-01T00:00:00.000Z';
  expect(batches).toEqual([
    [
      { time, type: 'function', record: 'before' },
      { time, type: 'function', record: { level: 'INFO' } },
    ],
  ]);
});

test('a full batch goes at once', async () => {
  const { stream, subscription, batches, until } = await open(undefined, { buffering: { maxItems: 1_000 } });
  stream.subscribe('agent', subscription);
  for (let count = 0; count < 1_000; count++) stream.publish(line(`line ${count}`));
  await until(() => batches.length === 1);
  expect(batches[0]).toHaveLength(1_000);
});

test('what is refused is tried again with growing pauses, and nothing is lost or out of order', async () => {
  const { stream, subscription, clock, batches, until, tries } = await open((batch) =>
    batch < 3 ? 500 : 200,
  );
  stream.subscribe('agent', subscription);
  stream.publish(line('first'));
  clock.advance(1_000);
  for (const [count, pauseMs] of [50, 100, 200].entries()) {
    await until(() => tries() === count + 1);
    await settled(stream);
    stream.publish(line(`line ${count}`));
    clock.advance(pauseMs - 1);
    expect(stream.active).toBe(false);
    clock.advance(1);
  }
  await until(() => batches.length === 2);
  expect(batches.flat().map((event) => event.record)).toEqual(['first', 'line 0', 'line 1', 'line 2']);
});

test('a destination that never answers is cut off, holds two batches at most, and learns what was dropped', async () => {
  const { stream, subscription, clock, batches, until, tries } = await open((batch) =>
    batch < 1 ? undefined : 200,
  );
  stream.subscribe('agent', subscription);
  const kilobyte = 'x'.repeat(1_024);
  for (let count = 0; count < 1_000; count++) stream.publish(line(kilobyte));
  await until(() => tries() === 1);
  clock.advance(5_000);
  await settled(stream);
  clock.advance(50);
  await until(() => batches.length === 2);
  await settled(stream);
  const held = batches.flat().filter(({ type }) => type === 'function').length;
  expect(held * kilobyte.length).toBeLessThan(2 * 262_144);
  expect(batches.flat().at(-1)).toMatchObject({
    type: 'platform.logsDropped',
    record: {
      droppedRecords: 1_000 - held,
      droppedBytes: expect.any(Number),
      reason: expect.stringContaining('fallen behind'),
    },
  });
});

test('nothing is tried while the environment is frozen', async () => {
  const { stream, subscription, clock, batches, until } = await open();
  stream.subscribe('agent', subscription);
  stream.publish(line('before the freeze'));
  stream.pause();
  clock.advance(60_000);
  expect(stream.active).toBe(false);
  stream.resume();
  clock.advance(1_000);
  await until(() => batches.length === 1);
});

test('flush sends what waits, and comes back where nobody listens', async () => {
  const { stream, subscription, batches } = await open();
  stream.subscribe('agent', subscription);
  stream.publish(line('last words'));
  await stream.flush();
  expect(batches).toHaveLength(1);
  stream.subscribe('lost', { ...subscription, destination: { protocol: 'TCP', port: 1 } });
  stream.publish(line('to nobody'));
  await stream.flush();
  await stream.flush();
});

test('an object that is nested beyond measure, or no JSON after all, arrives as the text that it is', async () => {
  const { stream, subscription, batches } = await open();
  stream.subscribe('agent', subscription);
  const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  for (const record of [deep, '{"a":', '{"a":\n1}']) stream.publish(line(record));
  await stream.flush();
  expect(batches.flat().map(({ record }) => record)).toEqual([deep, '{"a":', { a: 1 }]);
});

test('the backlog of Init is bounded', async () => {
  const { stream, subscription, batches } = await open(undefined, { buffering: { maxBytes: 1_048_576 } });
  for (let count = 0; count < 3_000; count++) stream.publish(line('x'.repeat(1_024)));
  stream.subscribe('agent', subscription);
  await stream.flush();
  expect(batches.flat().length).toBe(1_024);
});
