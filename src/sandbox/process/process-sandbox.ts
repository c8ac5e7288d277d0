import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { connectToLoopback } from '../network/connect.ts';
import type { SandboxCompanion, SandboxExit, SandboxUsage } from '../sandbox.ts';
import { SandboxError } from '../sandbox-error.ts';
import type { StartedCompanion } from './companions.ts';
import { sendSignal } from '../system/signals.ts';
import { killAllFound, processesWithVariable, processesOfUser, processUsage } from './processes.ts';
import type { RestartableSandbox } from '../system/registry.ts';

/** A command that was started in a process group of its own. */
export interface StartedProcess {
  readonly pid: number;
  readonly ended: Promise<Pick<SandboxExit, 'exitCode' | 'signal'>>;
  /** The TMPDIR that no other process has. */
  readonly tmpDir: string;
  /** The user id that no other sandbox has, where Hearth is root. */
  readonly uid: number | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly log: Readable;
  readonly companions: readonly StartedCompanion[];
  /** Lets a command that waits for its companions start. */
  readonly go: () => void;
}

/** One command as a plain process group. When its first process ends, the others are killed, as in a namespace. */
export class ProcessSandbox implements RestartableSandbox {
  readonly id: string;
  readonly exited: Promise<SandboxExit>;
  readonly commandExited: Promise<SandboxExit>;
  readonly #process: StartedProcess;
  readonly #release: (keep: boolean) => Promise<void>;
  #ended = false;
  #commandEnded = false;
  #usage: SandboxUsage = { memoryPeakBytes: 0, cpuUsec: 0 };
  #removal: Promise<void> | undefined;

  constructor(id: string, started: StartedProcess, release: (keep: boolean) => Promise<void>) {
    this.id = id;
    this.#process = started;
    this.#release = release;
    this.exited = this.#watch();
    this.commandExited = this.companions.length > 0 ? this.#watchCommand() : this.exited;
  }

  get stdout(): Readable {
    return this.#process.stdout;
  }

  get stderr(): Readable {
    return this.#process.stderr;
  }

  get log(): Readable {
    return this.#process.log;
  }

  get companions(): readonly SandboxCompanion[] {
    return this.#process.companions;
  }

  startCommand(): void {
    this.#process.go();
  }

  killCommand(): void {
    if (this.companions.length > 0 && !this.#commandEnded) sendSignal(-this.#process.pid, 'SIGKILL');
  }

  /** CPU time is not bounded here; `capabilities.gaps` says so. */
  limitCpu(): void {}

  limitMemory(): void {
    throw cannotBindLate();
  }

  mountLate(): void {
    throw cannotBindLate();
  }

  freeze(): void {
    this.#signalGroups('SIGSTOP');
  }

  thaw(): void {
    this.#signalGroups('SIGCONT');
  }

  usage(): SandboxUsage {
    if (!this.#ended) this.#usage = processUsage(this.#process.pid) ?? this.#usage;
    return this.#usage;
  }

  signal(signal: NodeJS.Signals): void {
    if (signal === 'SIGKILL' && this.companions.length > 0) this.#signalGroups(signal);
    else if (!this.#commandEnded) sendSignal(this.#process.pid, signal);
  }

  /** Inside and outside are one network here. */
  async connect(port: number): Promise<Socket> {
    if (this.#ended) throw new Error(`sandbox ${this.id} does not run any more`);
    return connectToLoopback(port);
  }

  destroy(): Promise<void> {
    return this.#remove(false);
  }

  /** Ends everything but keeps the files in `/tmp`, which the next sandbox goes on with. */
  destroyExceptTmp(): Promise<void> {
    return this.#remove(true);
  }

  #remove(keep: boolean): Promise<void> {
    this.#removal ??= this.#killAndRelease(keep);
    return this.#removal;
  }

  async #killAndRelease(keep: boolean): Promise<void> {
    this.usage();
    this.#killAll();
    await this.#process.ended;
    for (const output of this.#outputs()) if (output.readableFlowing === null) output.resume();
    await this.#release(keep);
  }

  async #watch(): Promise<SandboxExit> {
    const end = await this.#process.ended;
    this.#commandEnded = true;
    if (this.companions.length > 0) await Promise.all(this.companions.map(({ exited }) => exited));
    this.#ended = true;
    this.#killAll();
    await Promise.allSettled(this.#outputs().map((output) => finished(output, { writable: false })));
    return { ...end, outOfMemory: false };
  }

  async #watchCommand(): Promise<SandboxExit> {
    return { ...(await this.#process.ended), outOfMemory: false };
  }

  /** The group first, then whoever left it. */
  #killAll(): void {
    this.#signalGroups('SIGKILL');
    const { uid, tmpDir } = this.#process;
    killAllFound(() =>
      uid === undefined ? processesWithVariable('TMPDIR', (value) => value === tmpDir) : processesOfUser(uid),
    );
  }

  #signalGroups(signal: NodeJS.Signals): void {
    if (this.#ended && signal !== 'SIGKILL') return;
    sendSignal(-this.#process.pid, signal);
    for (const { pid } of this.#process.companions) if (pid !== undefined) sendSignal(-pid, signal);
  }

  #outputs(): readonly Readable[] {
    const { stdout, stderr, log, companions } = this.#process;
    return [stdout, stderr, log, ...companions.map(({ output }) => output)];
  }
}

function cannotBindLate(): SandboxError {
  return new SandboxError('a plain process has no mounts and no limits to change', { fault: 'machine' });
}
