import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Clock } from '../../base/index.ts';
import { openDatagrams } from '../network/datagrams.ts';
import type {
  InsideView,
  SandboxDatagramListener,
  SandboxMount,
  SandboxProgram,
  SandboxSpec,
} from '../sandbox.ts';
import { SandboxError } from '../sandbox-error.ts';
import type { OutputPipe } from '../system/pipes.ts';
import { type ClosableListener, listenOnUnixSocket, trackingServer } from '../system/unix-listener.ts';
import { endOf, isExecutable, SET_LIMITS, startCompanions } from './companions.ts';
import { hostPathOf } from './mount-view.ts';
import { ProcessSandbox } from './process-sandbox.ts';
import type { Staging } from './staging.ts';

/** What every launch of one server uses. */
export interface ProcessParts {
  readonly clock: Clock;
  /** One folder for each sandbox. */
  readonly sandboxesDir: string;
  /** Present where Hearth is root. */
  readonly staging: Staging | undefined;
  /** Real pipes where there are system calls for them; else Node's socket pairs. */
  readonly createPipe: (() => OutputPipe) | undefined;
}

/** What a restarted sandbox goes on with: the files in its /tmp, and the user id that owns them. */
export interface Keepsake {
  readonly tmpDir: string;
  readonly uid: number | undefined;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Starts `spec` as a process group. `onRemoved` is called when all of it but the keepsake is gone; when starting
 * fails, everything is gone before this rejects.
 */
export async function launchProcess(
  parts: ProcessParts,
  spec: SandboxSpec,
  keepsake: Keepsake,
  onRemoved: (keep: boolean) => Promise<void>,
): Promise<ProcessSandbox> {
  refuseWhatTakesIsolation(spec);
  const folder = join(parts.sandboxesDir, spec.id);
  const listeners: ClosableListener[] = [];
  const dismantle = async (): Promise<void> => {
    for (const listener of listeners) listener.close();
    await rm(folder, { recursive: true, force: true });
  };
  makeFolder(folder, keepsake.uid, spec.id);
  try {
    const mounts = await reachableMounts(parts, spec.mounts);
    const addresses: Address[] = [];
    for (const listener of spec.listeners) addresses.push(await listenOnLoopback(parts, listener, listeners));
    const socketPath = join(folder, 'runtime.sock');
    if (spec.onRuntimeSocket)
      listeners.push(listenOnUnixSocket(socketPath, keepsake.uid, spec.onRuntimeSocket));
    const view = viewFrom({
      spec,
      mounts: [...mounts, { source: keepsake.tmpDir, target: '/tmp' }],
      addresses,
      socketPath,
    });
    const started = await startProcess(parts, { spec, program: spec.program(view), keepsake });
    return new ProcessSandbox(spec.id, started, async (keep) => {
      await dismantle();
      await onRemoved(keep);
    });
  } catch (error) {
    await dismantle();
    throw error;
  }
}

/** A function that was made under the `oci` sandbox must not get the network, or run without its files, here. */
function refuseWhatTakesIsolation({ root, network, volumes = [] }: SandboxSpec): void {
  if (root !== undefined) {
    throw new SandboxError('a process has no root file system of its own', { fault: 'machine' });
  }
  if (network !== 'none' && volumes.length === 0) return;
  throw new SandboxError('a process can be kept from no network and has no mounts', { fault: 'machine' });
}

function makeFolder(folder: string, uid: number | undefined, id: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (cause) {
    throw new SandboxError(`sandbox ${id} exists already`, { fault: 'machine', cause });
  }
  if (uid !== undefined) chownSync(folder, uid, uid);
}

async function reachableMounts(
  { staging }: ProcessParts,
  mounts: readonly SandboxMount[],
): Promise<readonly SandboxMount[]> {
  if (!staging) return mounts;
  return Promise.all(
    mounts.map(async ({ source, target }) => ({ source: await staging.reachable(source), target })),
  );
}

async function listenOnLoopback(
  { clock }: ProcessParts,
  wanted: SandboxSpec['listeners'][number],
  listeners: ClosableListener[],
): Promise<Address> {
  if (wanted.transport === 'udp') return listenForDatagrams(clock, wanted, listeners);
  const { onConnection } = wanted;
  const { server, listener } = trackingServer(onConnection);
  listeners.push(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('a TCP listener without an address');
  return { host: address.address, port: address.port };
}

async function listenForDatagrams(
  clock: Clock,
  { onDatagram }: SandboxDatagramListener,
  listeners: ClosableListener[],
): Promise<Address> {
  const host = '127.0.0.1';
  let port = 0;
  const close = await openDatagrams({ clock, onDatagram, bind: (socket) => socket.bind(port, host) });
  port = close.port();
  listeners.push({ close });
  return { host, port };
}

interface ViewOptions {
  readonly spec: SandboxSpec;
  readonly mounts: readonly SandboxMount[];
  readonly addresses: readonly Address[];
  readonly socketPath: string;
}

function viewFrom({ spec, mounts, addresses, socketPath }: ViewOptions): InsideView {
  return {
    path: (target) => hostPathOf(target, mounts),
    listenerAddress: (index) => {
      const address = addresses[index];
      if (!address) throw new RangeError(`no listener ${index}`);
      return `${address.host}:${address.port}`;
    },
    ...(spec.onRuntimeSocket && { runtimeSocketPath: socketPath }),
  };
}

interface StartOptions {
  readonly spec: SandboxSpec;
  readonly program: SandboxProgram;
  readonly keepsake: Keepsake;
}

/** The same once there is a line to read: with companions the command waits for them. */
const WAIT_AND_SET_LIMITS = 'read -r _; ulimit -c 0; ulimit -n "$0" && exec "$@" </dev/null';

async function startProcess(parts: ProcessParts, options: StartOptions) {
  const { createPipe } = parts;
  const { spec, program, keepsake } = options;
  requireExecutable(program);
  const waits = (program.companions?.programs ?? []).length > 0;
  const { tmpDir, uid } = keepsake;
  const pipes = createPipe && ([createPipe(), createPipe(), createPipe()] as const);
  for (const pipe of pipes ?? []) if (uid !== undefined) pipe.giveTo(uid);
  try {
    const outputs = pipes ? pipes.map((pipe) => pipe.writeFd) : (['pipe', 'pipe', 'pipe'] as const);
    const script = waits ? WAIT_AND_SET_LIMITS : SET_LIMITS;
    const child = spawn('/bin/sh', ['-c', script, String(spec.openFiles), ...program.command], {
      cwd: program.cwd,
      env: { ...program.env, TMPDIR: tmpDir },
      stdio: [waits ? 'pipe' : 'ignore', ...outputs],
      detached: true,
      ...(uid !== undefined && { uid, gid: uid }),
    });
    child.stdin?.on('error', () => undefined);
    const ended = endOf(child);
    await Promise.race([once(child, 'spawn'), ended]);
    if (child.pid === undefined) throw new SandboxError('the process was not started', { fault: 'machine' });
    const [stdout, stderr, log] = pipes ? pipes.map((pipe) => pipe.readEnd) : readableOutputs(child);
    if (!stdout || !stderr || !log) throw new Error('a process without output');
    const companions = startCompanions(createPipe, options);
    const go = (): void => void child.stdin?.end('\n');
    return { pid: child.pid, ended, tmpDir, uid, stdout, stderr, log, companions, go };
  } catch (cause) {
    for (const pipe of pipes ?? []) pipe.readEnd.destroy();
    if (cause instanceof SandboxError) throw cause;
    throw new SandboxError(`cannot start a process: ${String(cause)}`, { fault: 'machine', cause });
  } finally {
    for (const pipe of pipes ?? []) pipe.closeWriteEnd();
  }
}

/** What the OCI runtime finds out before it starts anything. */
function requireExecutable({ command: [program], cwd, env }: SandboxProgram): void {
  const folders = isAbsolute(program) ? [''] : (env['PATH'] ?? '').split(':');
  const candidates =
    program.includes('/') && !isAbsolute(program)
      ? [join(cwd, program)]
      : folders.map((folder) => join(folder, program));
  if (candidates.some(isExecutable)) return;
  throw new SandboxError(`exec: "${program}": not found or not executable`, { fault: 'command' });
}

function readableOutputs(child: ChildProcess): readonly (Readable | null)[] {
  const [, stdout, stderr, log] = child.stdio;
  return [stdout, stderr, log].map((stream) => (stream && 'read' in stream ? stream : null));
}
