import { connect } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { HOST_INSIDE, hostPortListener, joinConnection } from './host-port.ts';
import {
  inside,
  networksArePossible,
  openTestServer,
  reading,
  serve,
  serveOnHost,
} from './sandbox-network.fixture.ts';

test('a joined connection carries everything both ways, and ends each way on its own', async () => {
  const echo = await serve('127.0.0.1', (socket) => socket.pipe(socket));
  const proxy = await serve('127.0.0.1', (socket) =>
    joinConnection(socket, { host: '127.0.0.1', port: echo.port }),
  );
  const sent = Buffer.alloc(20_000_000, 'some bytes');
  const client = connect({ host: '127.0.0.1', port: proxy.port, allowHalfOpen: true });
  client.end(sent);
  expect((await buffer(client)).equals(sent)).toBe(true);
  echo.close();
  proxy.close();
});

test('a connection that is torn down on one side is torn down on the other', async () => {
  const torn = Promise.withResolvers<void>();
  const target = await serve('127.0.0.1', (socket) => {
    socket
      .on('error', () => undefined)
      .on('close', () => torn.resolve())
      .resume();
    socket.write('ready');
  });
  const proxy = await serve('127.0.0.1', (socket) =>
    joinConnection(socket, { host: '127.0.0.1', port: target.port }),
  );
  const client = connect(proxy.port, '127.0.0.1');
  client.once('data', () => client.resetAndDestroy());
  await torn.promise;
  target.close();
  proxy.close();
});

test('a connection to a port where nothing listens is reset', async () => {
  const gone = await serveOnHost('127.0.0.1', '');
  gone.close();
  const proxy = await serve('127.0.0.1', (socket) =>
    joinConnection(socket, { host: '127.0.0.1', port: gone.port }),
  );
  await expect(text(connect(proxy.port, '127.0.0.1'))).rejects.toThrow('ECONNRESET');
  proxy.close();
});

describe.skipIf(!networksArePossible())('an opened port of the host', () => {
  test('is reached from a sandbox, and the others are not', async () => {
    const server = await openTestServer();
    const opened = await serveOnHost('127.0.0.1', 'database');
    const other = await serveOnHost('127.0.0.1', 'secret');
    const network = await server.networks.create([hostPortListener(opened.port)]);
    expect(await inside(network, reading(HOST_INSIDE.address, opened.port))).toBe('database');
    expect(await inside(network, reading(HOST_INSIDE.address, other.port))).toBe('');
    expect(await inside(network, reading('127.0.0.1', other.port))).toBe('');
    opened.close();
    other.close();
    await server.close();
  });
});
