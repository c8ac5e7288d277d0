import { execFile, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog, WallClock } from '../../base/index.ts';
import { findProgram } from '../probe/programs.ts';
import { loadNativeLibrary } from '../system/native.ts';
import { openListener } from './listener.ts';
import { Namespaces } from './namespaces.ts';
import { openSandboxNetworks, type SandboxNetwork, type SandboxNetworks } from './network.ts';
import { addAddress, addVethPair, apply, linkUp } from './rtnetlink.ts';
import { AF_NETLINK, networkSyscalls, SOCK_RAW } from './syscalls.ts';

const PROGRAMS = ['nsenter', 'setpriv', 'nft', 'pasta', 'bash'];

/** Whether this machine can have sandbox networks; says so where not, and fails in CI. */
export function networksArePossible(): boolean {
  const missing = PROGRAMS.filter((name) => findProgram(name) === undefined);
  if (process.platform === 'linux' && process.getuid?.() === 0 && missing.length === 0) return true;
  const reason = `sandbox networks need Linux, root and ${PROGRAMS.join(', ')}`;
  if (process.env['CI'] === 'true') throw new Error(reason);
  process.stderr.write(`SKIPPED: ${reason}\n`);
  return false;
}

export interface TestServer {
  readonly networks: SandboxNetworks;
  readonly folder: string;
  close(): Promise<void>;
}

interface TestServerOptions {
  readonly folder?: string;
  readonly hostResolvConf?: string;
}

export async function openTestServer(given: TestServerOptions = {}): Promise<TestServer> {
  const folder = given.folder ?? (await mkdtemp(join(tmpdir(), 'hearth-network-')));
  const networks = await openSandboxNetworks({
    clock: new WallClock(),
    log: createLog('silent'),
    ...given,
    folder,
  });
  return {
    networks,
    folder,
    async close() {
      await networks.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Runs a bash script inside; gives what it printed, complaints left out. */
export function inside(network: SandboxNetwork, script: string): Promise<string> {
  const args = [`--net=${network.namespacePath}`, 'bash', '-c', `exec 2>/dev/null; ${script}`];
  return new Promise((resolve) => void execFile('nsenter', args, (_error, stdout) => resolve(stdout)));
}

/** A bash script that prints what a server at the address says, and nothing where it cannot be reached. */
export function reading(host: string, port: number): string {
  return `timeout 5 cat </dev/tcp/${host}/${port}`;
}

/** A process inside that listens on every address and says `text`; runs until it is told to stop. */
export async function serveInside(network: SandboxNetwork, port: number, text: string): Promise<() => void> {
  const code = `require('net').createServer((s) => s.end('${text}')).listen(${port}, () => console.log('listening'))`;
  const child = spawn('nsenter', [`--net=${network.namespacePath}`, process.execPath, '-e', code]);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return () => void child.kill('SIGKILL');
}

export interface TextServer {
  readonly port: number;
  close(): void;
}

/** A server of the host that says `text` to whoever connects. */
export async function serveOnHost(host: string, text: string): Promise<TextServer> {
  return serve(host, (socket) => socket.end(text));
}

export async function serve(host: string, onConnection: (socket: Socket) => void): Promise<TextServer> {
  const server: Server = createServer({ allowHalfOpen: true }, onConnection);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { port, close: () => void server.close() };
}

/** Of the network for documentation (RFC 5737), different in test runs side by side. */
function testAddress(number: 1 | 2): string {
  return `203.0.113.${(process.pid % 100) * 2 + number}`;
}

/** A machine of our own beyond the host, which says `text` on port 80; stands in for the rest of the world. */
export async function openFarHost(text: string): Promise<{ readonly address: string; close(): void }> {
  const syscalls = networkSyscalls(await loadNativeLibrary());
  const [hostAddress, address] = [testAddress(1), testAddress(2)];
  const namespaces = new Namespaces(syscalls);
  const far = namespaces.create([{ host: address, port: 80 }]);
  const hostRouting = syscalls.socket(AF_NETLINK, SOCK_RAW, 0);
  const index = 20_000 + (process.pid % 10_000);
  const near = { index, name: `test${index}` };
  apply(syscalls, hostRouting, [
    addVethPair(near, { index: 2, name: 'eth0', namespaceFd: far.fd }, 1500),
    addAddress(index, hostAddress, address),
  ]);
  apply(syscalls, far.routing, [linkUp(2), addAddress(2, address, hostAddress)]);
  closeSync(hostRouting);
  const closeListener = await openListener(far.bound[0] ?? -1, (socket) => void socket.end(text));
  return {
    address,
    close() {
      closeListener();
      far.close();
      namespaces.close();
    },
  };
}
