import { readdirSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  inside,
  networksArePossible,
  openTestServer,
  reading,
  serveInside,
  serveOnHost,
  type TestServer,
} from './sandbox-network.fixture.ts';

const RUNTIME_API = '169.254.100.1';

function saying(text: string, host = '127.0.0.1', port = 4566) {
  return { host, port, onConnection: (socket: Socket) => void socket.end(text) };
}

/** Every address of the sandbox but those of loopback. */
async function addressOf(network: Parameters<typeof inside>[0]): Promise<string> {
  const code = `Object.values(require('os').networkInterfaces()).flat().find((a) => !a.internal).address`;
  return (await inside(network, `${process.execPath} -p "${code}"`)).trim();
}

describe.skipIf(!networksArePossible())('the network of a sandbox', () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await openTestServer();
  });
  afterEach(() => server.close());

  test('reaches Hearth at a fixed address, whatever the host has there', async () => {
    const host = await serveOnHost('127.0.0.1', 'host');
    const first = await server.networks.create([saying('first', '127.0.0.1', host.port)]);
    const second = await server.networks.create([saying('second', '127.0.0.1', host.port)]);
    expect(await inside(first, reading('127.0.0.1', host.port))).toBe('first');
    expect(await inside(second, reading('127.0.0.1', host.port))).toBe('second');
    host.close();
  });

  test('has each listener where it was asked for, and none that another sandbox has', async () => {
    const both = await server.networks.create([saying('hearth'), saying('runtime', RUNTIME_API, 9001)]);
    const one = await server.networks.create([saying('hearth')]);
    expect(await inside(both, reading(RUNTIME_API, 9001))).toBe('runtime');
    expect(await inside(one, reading('127.0.0.1', 4566))).toBe('hearth');
    expect(await inside(one, reading(RUNTIME_API, 9001))).toBe('');
  });

  test('is its own: two sandboxes listen on one port side by side', async () => {
    const [first, second] = [await server.networks.create([]), await server.networks.create([])];
    const stops = [await serveInside(first, 8080, 'first'), await serveInside(second, 8080, 'second')];
    expect(await inside(first, reading('127.0.0.1', 8080))).toBe('first');
    expect(await inside(second, reading('127.0.0.1', 8080))).toBe('second');
    for (const stop of stops) stop();
  });

  test('leads to no other sandbox', async () => {
    const [first, second] = [await server.networks.create([]), await server.networks.create([])];
    const stop = await serveInside(second, 8080, 'second');
    const neighbour = await addressOf(second);
    expect(await inside(second, reading(neighbour, 8080))).toBe('second');
    expect(await inside(first, reading(neighbour, 8080))).toBe('');
    stop();
  });

  test('does not lead to loopback of the host, nor to any of its addresses', async () => {
    const host = await serveOnHost('0.0.0.0', 'host');
    const network = await server.networks.create([]);
    const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
    const own = all.filter(({ family }) => family === 'IPv4').map(({ address }) => address);
    expect(own).toContain('127.0.0.1');
    const ways = [...own, '127.0.0.2', '0.0.0.0', '198.19.255.249', '198.19.255.250', '198.19.255.254'];
    const tries = ways.map((address) => reading(address, host.port));
    expect(await inside(network, tries.join('; '))).toBe('');
    host.close();
  });

  test('cannot be reached from the host', async () => {
    const host = await serveOnHost('127.0.0.1', 'host');
    host.close();
    const network = await server.networks.create([saying('hearth', '127.0.0.1', host.port)]);
    const outside = { ...network, namespacePath: '/proc/self/ns/net' };
    expect(await inside(network, reading('127.0.0.1', host.port))).toBe('hearth');
    expect(await inside(outside, reading('127.0.0.1', host.port))).toBe('');
  });

  test('refuses the metadata address at once', async () => {
    const network = await server.networks.create([saying('runtime', RUNTIME_API, 9001)]);
    const output = await inside(network, `exec 2>&1; ${reading('169.254.169.254', 80)}`);
    expect(output).toContain('No route to host');
    expect(await inside(network, reading(RUNTIME_API, 9001))).toBe('runtime');
  });

  test('has IPv6 on loopback alone', async () => {
    const network = await server.networks.create([]);
    expect(await inside(network, "awk '{print $6}' /proc/net/if_inet6")).toBe('lo\n');
  });

  test('ends connections and listeners when it is destroyed, as often as one likes', async () => {
    const connected = Promise.withResolvers<Socket>();
    const network = await server.networks.create([{ ...saying(''), onConnection: connected.resolve }]);
    const reader = inside(network, `cat </dev/tcp/127.0.0.1/4566; echo ended`);
    await connected.promise;
    await network.destroy();
    await network.destroy();
    expect(await reader).toBe('ended\n');
  });

  test('closes the 257th connection to one listener at once', async () => {
    const network = await server.networks.create([{ ...saying(''), onConnection: () => undefined }]);
    const open = 'for i in {1..256}; do exec {fd}<>/dev/tcp/127.0.0.1/4566; done';
    expect(await inside(network, `${open}; ${reading('127.0.0.1', 4566)}; echo $?`)).toBe('0\n');
  });

  test('survives connections that are reset', async () => {
    const connected = Promise.withResolvers<Socket>();
    const network = await server.networks.create([{ ...saying(''), onConnection: connected.resolve }]);
    const code = `const s = require('net').connect(4566, '127.0.0.1', () => s.write('x', () => s.resetAndDestroy()))`;
    await inside(network, `${process.execPath} -e "${code}"`);
    const socket = await connected.promise;
    if (!socket.closed) await new Promise((resolve) => socket.resume().once('close', resolve));
    expect(socket.destroyed).toBe(true);
  });

  test('leaves no descriptor behind in 200 lives', async () => {
    const live = async () =>
      (await server.networks.create([saying('a'), saying('b', RUNTIME_API, 9001)])).destroy();
    const open = () => readdirSync('/proc/self/fd').length;
    await live();
    const before = open();
    for (let count = 0; count < 200; count++) await live();
    await expect.poll(open).toBeLessThanOrEqual(before);
  });

  test('is refused for an address that cannot be had, without a descriptor left', async () => {
    const open = () => readdirSync('/proc/self/fd').length;
    const before = open();
    const twice = [saying('one'), saying('two')];
    await expect(server.networks.create(twice)).rejects.toThrow('EADDRINUSE');
    await expect.poll(open).toBe(before);
  });
});
