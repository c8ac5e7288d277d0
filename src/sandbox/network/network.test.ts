import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLog, WallClock } from '../../base/index.ts';
import { openSandboxNetworks, type SandboxNetwork, type SandboxNetworks } from './network.ts';

const run = promisify(execFile);
const possible = process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/usr/bin/nsenter');
if (!possible) {
  const reason = 'Sandbox networks need Linux, root and nsenter (util-linux).';
  if (process.env['CI'] === 'true') throw new Error(reason);
  process.stderr.write(`SKIPPED: ${reason}\n`);
}

/** Runs a bash script inside, gives what it printed; a failed connection prints nothing. */
async function inside(network: SandboxNetwork, script: string): Promise<string> {
  const command = [`--net=${network.namespacePath}`, 'bash', '-c', `exec 2>/dev/null; ${script}`];
  const { stdout } = await run('nsenter', command).catch((error: { stdout: string }) => error);
  return stdout;
}

function saying(text: string, host = '127.0.0.1', port = 4566) {
  return { host, port, onConnection: (socket: Socket) => void socket.end(text) };
}

async function hostServer(port: number, text: string): Promise<Server> {
  const server = createServer((socket) => socket.end(text));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}

describe.skipIf(!possible)('the network of a sandbox', () => {
  let folder: string;
  let networks: SandboxNetworks;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hearth-network-'));
    networks = await openSandboxNetworks({ folder, clock: new WallClock(), log: createLog('silent') });
  });
  afterEach(async () => {
    await networks.close();
    await rm(folder, { recursive: true });
  });

  test('reaches its own listeners at fixed addresses, whatever the host has there', async () => {
    const taken = await hostServer(0, 'host');
    const address = taken.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const first = await networks.create([saying('first', '127.0.0.1', port)]);
    const second = await networks.create([
      saying('second', '127.0.0.1', port),
      saying('runtime', '169.254.100.1', 9001),
    ]);
    expect(await inside(first, `cat </dev/tcp/127.0.0.1/${port}`)).toBe('first');
    expect(await inside(second, `cat </dev/tcp/127.0.0.1/${port}`)).toBe('second');
    expect(await inside(second, 'cat </dev/tcp/169.254.100.1/9001')).toBe('runtime');
    expect(await inside(first, 'cat </dev/tcp/169.254.100.1/9001')).toBe('');
    taken.close();
  });
});
