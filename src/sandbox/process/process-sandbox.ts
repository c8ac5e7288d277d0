import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { connectToLoopback } from '../network/connect.ts';
import type { SandboxExit, SandboxUsage } from '../sandbox.ts';
import { sendSignal } from '../system/signals.ts';
import { MAX_KILL_ROUNDS, processesWithVariable, processesOfUser, processUsage } from './processes.ts';
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
}

/** One command as a plain process group. When its first process ends, the others are killed, as in a namespace. */
export class ProcessSandbox implements RestartableSandbox {
  readonly id: string;
  readonly exited: Promise<SandboxExit>;
  readonly #process: StartedProcess;
  readonly #release: (keep: boolean) => Promise<void>;
  #ended = false;
  #usage: SandboxUsage = { memoryPeakBytes: 0, cpuUsec: 0 };
  #removal: Promise<void> | undefined;

  constructor(id: string, started: StartedProcess, release: (keep: boolean) => Promise<void>) {
    this.id = id;
    this.#process = started;
    this.#release = release;
    this.exited = this.#watch();
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

  /** CPU time is not bounded here; `capabilities.gaps` says so. */
  limitCpu(): void {}

  freeze(): void {
    this.#signalGroup('SIGSTOP');
  }

  thaw(): void {
    this.#signalGroup('SIGCONT');
  }

  usage(): SandboxUsage {
    if (!this.#ended) this.#usage = processUsage(this.#process.pid) ?? this.#usage;
    return this.#usage;
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.#ended) sendSignal(this.#process.pid, signal);
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
    this.#ended = true;
    this.#killAll();
    await Promise.allSettled(this.#outputs().map((output) => finished(output, { writable: false })));
    return { ...end, outOfMemory: false };
  }

  /** The group first, then whoever left it; killing may race with forking, so until none is found. */
  #killAll(): void {
    this.#signalGroup('SIGKILL');
    for (let round = 0; round < MAX_KILL_ROUNDS; round++) {
      const { uid, tmpDir } = this.#process;
      const found =
        uid === undefined
          ? processesWithVariable('TMPDIR', (value) => value === tmpDir)
          : processesOfUser(uid);
      if (found.filter((pid) => sendSignal(pid, 'SIGKILL')).length === 0) return;
    }
  }

  #signalGroup(signal: NodeJS.Signals): void {
    if (!this.#ended || signal === 'SIGKILL') sendSignal(-this.#process.pid, signal);
  }

  #outputs(): readonly Readable[] {
    return [this.#process.stdout, this.#process.stderr, this.#process.log];
  }
}
