import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { call, inside, type RunningEdge, runEdge } from './edge.fixture.ts';

/** Clients that send without end or never read: each is bounded, and nobody else notices. */
const path = '/2015-03-31/functions/echo/invocations';
const authorization =
  'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=00';

let edge: RunningEdge | undefined;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await edge?.stop();
});

async function start(setup: Parameters<typeof runEdge>[0]): Promise<RunningEdge> {
  edge = await runEdge(setup);
  return edge;
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

function head(contentLength: number, more = ''): string {
  return `POST ${path} HTTP/1.1\r\nHost: x\r\n${more}Authorization: ${authorization}\r\nContent-Length: ${contentLength}\r\n\r\n`;
}

describe('answers that are not read', () => {
  /** More than the sockets of both sides take. */
  const large = Buffer.alloc(24 * 1_048_576, 0x20);
  const invoke = () => Promise.resolve({ payload: large, executedVersion: '1' });

  test('are bounded for each environment: connections past the bound are cut, others are served', async () => {
    const running = await start({ invoke, limits: { environmentUnreadBytes: 40 * 1_048_576 } });
    const bridge = await inside(running);
    const slow = await Promise.all([1, 2, 3].map(() => open(bridge.port)));
    for (const socket of slow) socket.pause().write(head(0, 'Connection: close\r\n'));
    await expect.poll(() => running.invocations.length).toBe(3);
    expect((await call(running, path)).body.length).toBe(large.length);
    const read = await Promise.all(slow.map(bytesUntilClosed));
    const whole = read.filter((bytes) => bytes > large.length);
    expect(whole.length).toBeGreaterThan(0);
    expect(whole.length).toBeLessThan(3);
    expect((await call(bridge, path)).body.length).toBe(large.length);
    await bridge.stop();
  });

  test('are given up when nothing is read for long', async () => {
    const running = await start({
      invoke,
      limits: { unreadStallMs: 1_000, environmentUnreadBytes: 30 * 1_048_576 },
    });
    const bridge = await inside(running);
    const slow = await open(bridge.port);
    slow.pause().write(head(0));
    await expect.poll(() => running.invocations.length).toBe(1);
    // While the slow one's answer is kept, there is no room for another.
    const answered = (): Promise<number> =>
      call(bridge, path).then(
        ({ body }) => body.length,
        () => 0,
      );
    await expect.poll(answered, { timeout: 20_000 }).toBe(large.length);
    expect(await bytesUntilClosed(slow)).toBeLessThan(large.length);
    await bridge.stop();
  });
});

async function bytesUntilClosed(socket: Socket): Promise<number> {
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => (bytes += chunk.length));
  socket.resume();
  await once(socket, 'close');
  return bytes;
}

test('requests sent ahead are cut for an environment, and answered in order for others', async () => {
  const running = await start({});
  const bridge = await inside(running);
  const ahead = 'GET /_hearth/health HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3);
  const hostile = await open(bridge.port);
  hostile.write(ahead);
  expect(await bytesUntilClosed(hostile)).toBeLessThan(1_000);
  const honest = await open(running.port);
  honest.write(ahead.replace(/Host: x\r\n\r\n$/, 'Host: x\r\nConnection: close\r\n\r\n'));
  let text = '';
  honest.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(honest, 'close');
  expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3);
  const other = await inside(running);
  expect((await call(other, path)).status).toBe(200);
  const answered = (): Promise<number> =>
    call(bridge, path).then(
      ({ status }) => status,
      () => 0,
    );
  await expect.poll(answered, { timeout: 10_000 }).toBe(200);
  await Promise.all([bridge.stop(), other.stop()]);
});

describe('requests that do not end', () => {
  test('take up the room of their own environment, not that of others', async () => {
    const running = await start({ limits: { environmentBodyBytes: 1_000, bufferedBodyBytes: 10_000 } });
    const [first, second] = [await inside(running), await inside(running)];
    const unfinished = await open(first.port);
    unfinished.write(`${head(2_000)}"${'x'.repeat(899)}`);
    const body = `"${'x'.repeat(500)}"`;
    await expect.poll(async () => (await call(first, path, { body })).status).toBe(429);
    expect((await call(second, path, { body })).status).toBe(200);
    expect((await call(running, path, { body })).status).toBe(200);
    unfinished.destroy();
    await expect.poll(async () => (await call(first, path, { body })).status).toBe(200);
    await Promise.all([first.stop(), second.stop()]);
  });
});
