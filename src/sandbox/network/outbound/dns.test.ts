import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inside, networksArePossible, openTestServer, reading } from '../sandbox-network.fixture.ts';
import { hostResolvers, sandboxResolvConf } from './resolvers.ts';

/** Addresses of loopback that test runs side by side do not share. */
const RESOLVER = `127.53.${process.pid & 0xff}.1`;
const SILENT_RESOLVER = `127.53.${process.pid & 0xff}.2`;
const GATEWAY = '198.19.255.254';

let folder: string;
let resolvConf: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearth-dns-'));
  resolvConf = join(folder, 'resolv.conf');
});
afterEach(() => rm(folder, { recursive: true }));

test('the resolvers of the host are the first three addresses of resolv.conf', async () => {
  const servers = ['127.0.0.53', 'not-an-address', '2001:db8::1', '192.0.2.1', '192.0.2.2'];
  await writeFile(resolvConf, `# comment\n${servers.map((server) => `nameserver ${server}`).join('\n')}\n`);
  const expected = ['127.0.0.53', '2001:db8::1', '192.0.2.1'].map((host) => ({ host, port: 53 }));
  expect(hostResolvers(resolvConf)).toEqual(expected);
});

test('a host without resolv.conf is asked on loopback, as the C library does', () => {
  expect(hostResolvers(join(folder, 'missing'))).toEqual([{ host: '127.0.0.1', port: 53 }]);
});

test('a sandbox asks the router, in the search domains of the host', async () => {
  await writeFile(
    resolvConf,
    'nameserver 127.0.0.53\nsearch corp.example\noptions edns0\nsortlist 1.2.3.4\n',
  );
  expect(sandboxResolvConf(resolvConf)).toBe(`nameserver ${GATEWAY}\nsearch corp.example\noptions edns0\n`);
});

/** Answers every question for an IPv4 address with 192.0.2.7. RFC 1035, 4.1. */
function answerTo(question: Buffer): Buffer {
  const end = question.indexOf(0, 12) + 5;
  const counts = Buffer.from([0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7]);
  return Buffer.concat([question.subarray(0, 2), counts, question.subarray(12, end), record]);
}

async function openUdp(address: string): Promise<Socket> {
  const socket = createSocket('udp4').bind(53, address);
  await once(socket, 'listening');
  return socket;
}

function resolving(name: string): string {
  const code = `
    const resolver = new (require('dns').Resolver)({ timeout: 10000, tries: 1 });
    resolver.setServers(['${GATEWAY}']);
    resolver.resolve4('${name}', (error, addresses) => console.log(error ? error.code : addresses.join()));`;
  return `${process.execPath} -e "${code}"`;
}

describe.skipIf(!networksArePossible())('names in a sandbox', () => {
  test('are resolved by the host, also by a resolver on its loopback', async () => {
    const resolver = await openUdp(RESOLVER);
    resolver.on('message', (question, from) => resolver.send(answerTo(question), from.port, from.address));
    await writeFile(resolvConf, `nameserver ${RESOLVER}\n`);
    const server = await openTestServer({ hostResolvConf: resolvConf });
    const network = await server.networks.create([]);
    expect(network.resolvConf).toBe(`nameserver ${GATEWAY}\n`);
    expect(await inside(network, resolving('example.test'))).toBe('192.0.2.7\n');
    await server.close();
    resolver.close();
  });

  test('are asked for at the next resolver where the first one is silent', async () => {
    const [silent, resolver] = [await openUdp(SILENT_RESOLVER), await openUdp(RESOLVER)];
    resolver.on('message', (question, from) => resolver.send(answerTo(question), from.port, from.address));
    await writeFile(resolvConf, `nameserver ${SILENT_RESOLVER}\nnameserver ${RESOLVER}\n`);
    const server = await openTestServer({ hostResolvConf: resolvConf });
    const network = await server.networks.create([]);
    expect(await inside(network, resolving('example.test'))).toBe('192.0.2.7\n');
    await server.close();
    silent.close();
    resolver.close();
  });

  test('are asked for over TCP too', async () => {
    const resolver = createServer((socket) => socket.end('over TCP')).listen(53, RESOLVER);
    await once(resolver, 'listening');
    await writeFile(resolvConf, `nameserver ${RESOLVER}\n`);
    const server = await openTestServer({ hostResolvConf: resolvConf });
    const network = await server.networks.create([]);
    expect(await inside(network, reading(GATEWAY, 53))).toBe('over TCP');
    await server.close();
    resolver.close();
  });

  test('are resolved for one sandbox while another asks without end', async () => {
    const resolver = await openUdp(RESOLVER);
    let asked = 0;
    resolver.on('message', (question, from) => {
      asked++;
      if (question.includes('example')) resolver.send(answerTo(question), from.port, from.address);
    });
    await writeFile(resolvConf, `nameserver ${RESOLVER}\n`);
    const server = await openTestServer({ hostResolvConf: resolvConf });
    const [greedy, honest] = [await server.networks.create([]), await server.networks.create([])];
    const flood = `for i in $(seq 600); do echo "question number $i" >/dev/udp/${GATEWAY}/53; done`;
    await inside(greedy, flood);
    await expect.poll(() => asked).toBeGreaterThanOrEqual(64);
    expect(await inside(honest, resolving('example.test'))).toBe('192.0.2.7\n');
    expect(asked).toBeLessThan(600);
    await server.close();
    resolver.close();
  });

  test('are asked for over a few connections of each sandbox, not more', async () => {
    let held = 0;
    const resolver = createServer((socket) => {
      held++;
      socket.on('error', () => undefined).write('here');
    }).listen(53, RESOLVER);
    await once(resolver, 'listening');
    await writeFile(resolvConf, `nameserver ${RESOLVER}\n`);
    const server = await openTestServer({ hostResolvConf: resolvConf });
    const network = await server.networks.create([]);
    const holding = `for i in $(seq 20); do exec {fd}<>/dev/tcp/${GATEWAY}/53 && fds+=($fd); done
      for fd in "\${fds[@]}"; do timeout 2 head -c 4 <&$fd; done`;
    expect(await inside(network, holding)).toBe('here'.repeat(8));
    expect(held).toBe(8);
    await server.close();
    resolver.close();
  });
});
