import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type {
  InsideView,
  Sandbox,
  SandboxExit,
  SandboxFactory,
  SandboxSpec,
} from '../../src/sandbox/index.ts';

/** Real child processes behind the sandbox port, with nothing enforced: for tests of what is above it. */
export class ChildSandboxes implements SandboxFactory {
  readonly capabilities = { kind: 'process', enforced: [], gaps: [], lateBinding: false } as const;
  readonly live = new Set<ChildSandbox>();
  /** What was asked of each sandbox, in order: `freeze`, `thaw`, `cpu 0.5`, … */
  readonly calls: string[] = [];
  onCall: () => void = () => undefined;
  started = 0;

  async start(spec: SandboxSpec): Promise<Sandbox> {
    return this.#start(spec, mkdtempSync(join(tmpdir(), 'hearth-test-')));
  }

  async restart(previous: Sandbox, spec: SandboxSpec): Promise<Sandbox> {
    if (!(previous instanceof ChildSandbox)) throw new TypeError('a sandbox of another factory');
    await previous.end();
    this.live.delete(previous);
    this.note('restart');
    return this.#start(spec, previous.tmp);
  }

  note(call: string): void {
    this.calls.push(call);
    this.onCall();
  }

  async sweep(): Promise<{ removed: readonly string[] }> {
    return { removed: [] };
  }

  async close(): Promise<void> {
    await Promise.all([...this.live].map((sandbox) => sandbox.destroy()));
  }

  async #start(spec: SandboxSpec, tmp: string): Promise<Sandbox> {
    this.started++;
    const sandbox = new ChildSandbox(spec, tmp, this);
    this.live.add(sandbox);
    await sandbox.begin();
    return sandbox;
  }
}

export class ChildSandbox implements Sandbox {
  readonly id: string;
  readonly tmp: string;
  readonly #spec: SandboxSpec;
  readonly #owner: ChildSandboxes;
  readonly #servers: Server[] = [];
  readonly #ended = Promise.withResolvers<SandboxExit>();
  #child: ChildProcess | undefined;

  constructor(spec: SandboxSpec, tmp: string, owner: ChildSandboxes) {
    this.id = spec.id;
    this.#spec = spec;
    this.tmp = tmp;
    this.#owner = owner;
  }

  get stdout(): Readable {
    return this.#child?.stdout ?? Readable.from([]);
  }

  get stderr(): Readable {
    return this.#child?.stderr ?? Readable.from([]);
  }

  get log(): Readable {
    const log = this.#child?.stdio[3];
    return log instanceof Readable ? log : Readable.from([]);
  }

  get exited(): Promise<SandboxExit> {
    return this.#ended.promise;
  }

  async begin(): Promise<void> {
    const addresses: string[] = [];
    for (const listener of this.#spec.listeners) {
      if (listener.transport === undefined) addresses.push(await this.#listen(listener.onConnection));
    }
    const inside: InsideView = {
      path: (target) => this.#spec.mounts.find((mount) => target.startsWith(mount.target))?.source ?? target,
      listenerAddress: (index) => addresses[index] ?? 'missing',
    };
    const { command, env } = this.#spec.program(inside);
    const [file, ...args] = command;
    this.#child = spawn(file, args, {
      env: { ...env, PATH: '/usr/bin:/bin', TMP: this.tmp },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    this.#child.on('close', (code, signal) => this.#closed(code, signal));
    await new Promise((resolve, reject) => {
      this.#child?.on('spawn', resolve);
      this.#child?.on('error', reject);
    });
  }

  #closed(code: number | null, signal: NodeJS.Signals | null): void {
    for (const server of this.#servers) server.close();
    this.#ended.resolve({
      ...(code === null ? {} : { exitCode: code }),
      ...(signal === null ? {} : { signal }),
      // Stands for a kill by the kernel at the memory limit, which no test without limits can have.
      outOfMemory: code === 137,
    });
  }

  async #listen(onConnection: (socket: Socket) => void): Promise<string> {
    const server = createServer(onConnection);
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    return typeof address === 'object' && address ? `127.0.0.1:${address.port}` : 'missing';
  }

  /** Companions are for the real adapters. */
  readonly companions = [];

  get commandExited(): Promise<SandboxExit> {
    return this.exited;
  }

  startCommand(): void {}

  killCommand(): void {}

  limitMemory(): void {
    throw new Error('no late binding here');
  }

  mountLate(): void {
    throw new Error('no late binding here');
  }

  limitCpu(vcpus: number | undefined): void {
    this.#owner.note(`cpu ${vcpus?.toFixed(3)}`);
  }

  async connect(port: number): Promise<Socket> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  }

  freeze(): void {
    this.#owner.note('freeze');
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#owner.note('thaw');
    this.#child?.kill('SIGCONT');
  }

  usage(): { memoryPeakBytes: number; cpuUsec: number } {
    return { memoryPeakBytes: 41_000_000, cpuUsec: 0 };
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async end(): Promise<void> {
    this.#child?.kill('SIGKILL');
    if (this.#child) await this.exited;
  }

  async destroy(): Promise<void> {
    await this.end();
    rmSync(this.tmp, { recursive: true, force: true });
    this.#owner.live.delete(this);
  }
}
