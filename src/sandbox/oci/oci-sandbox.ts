import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Cgroup } from '../cgroups/cgroups.ts';
import type { SandboxCompanion, SandboxExit, SandboxMount, SandboxUsage } from '../sandbox.ts';
import { SandboxError } from '../sandbox-error.ts';
import type { RestartableSandbox } from '../system/registry.ts';
import { sendSignal } from '../system/signals.ts';
import type { CommandEnd } from './command-status.ts';

/** A command that the OCI runtime started, with the means to watch and end it. */
export interface StartedCommand {
  readonly pid: number;
  /** Settles when every process inside is dead. */
  readonly ended: Promise<CommandEnd>;
  readonly cgroup: Cgroup;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly log: Readable;
  /** Of the command alone. */
  readonly commandEnded: Promise<CommandEnd>;
  readonly companions: readonly SandboxCompanion[];
}

/** Two real-time signals, which process 1 keeps to itself where there are companions (native/init.c). */
const START_COMMAND = 34;
const KILL_COMMAND = 35;

/** What the factory made around the command. */
export interface CommandSurroundings {
  /** Connects to a port inside. */
  connect(port: number): Promise<Socket>;
  mountLate(mounts: readonly SandboxMount[]): void;
  /** Called once, when every process is dead. */
  release(keep: boolean): Promise<void>;
}

/** One command under `runc`. */
export class OciSandbox implements RestartableSandbox {
  readonly id: string;
  readonly exited: Promise<SandboxExit>;
  readonly commandExited: Promise<SandboxExit>;
  readonly #command: StartedCommand;
  readonly #surroundings: CommandSurroundings;
  #state: 'running' | 'ended' | 'removed' = 'running';
  #usage: SandboxUsage = { memoryPeakBytes: 0, cpuUsec: 0 };
  #removal: Promise<void> | undefined;

  constructor(id: string, command: StartedCommand, surroundings: CommandSurroundings) {
    this.id = id;
    this.#command = command;
    this.#surroundings = surroundings;
    this.exited = this.#watch();
    this.commandExited = this.companions.length > 0 ? this.#watchCommand() : this.exited;
  }

  get stdout(): Readable {
    return this.#command.stdout;
  }

  get stderr(): Readable {
    return this.#command.stderr;
  }

  get log(): Readable {
    return this.#command.log;
  }

  get companions(): readonly SandboxCompanion[] {
    return this.#command.companions;
  }

  startCommand(): void {
    this.#tellInit(START_COMMAND);
  }

  killCommand(): void {
    this.#tellInit(KILL_COMMAND);
  }

  #tellInit(signal: number): void {
    if (this.companions.length > 0 && this.#state === 'running') process.kill(this.#command.pid, signal);
  }

  limitCpu(vcpus: number | undefined): void {
    if (this.#state !== 'removed') this.#command.cgroup.limitCpu(vcpus);
  }

  limitMemory(bytes: number): void {
    if (this.#state !== 'removed') this.#command.cgroup.limitMemory(bytes);
  }

  mountLate(mounts: readonly SandboxMount[]): void {
    if (this.#state !== 'running') throw gone(this.id);
    this.#surroundings.mountLate(mounts);
  }

  freeze(): void {
    if (this.#state !== 'removed') this.#command.cgroup.freeze();
  }

  thaw(): void {
    if (this.#state !== 'removed') this.#command.cgroup.thaw();
  }

  usage(): SandboxUsage {
    if (this.#state !== 'removed') this.#usage = this.#command.cgroup.usage();
    return this.#usage;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#state !== 'running') return;
    // Dying takes CPU time as well: 700 processes with 0.07 vCPU took minutes, held back by their own limit.
    if (signal === 'SIGKILL') this.limitCpu(undefined);
    // A fork that ended is reaped by its template's sandbox, perhaps before we hear of it.
    sendSignal(this.#command.pid, signal);
  }

  async connect(port: number): Promise<Socket> {
    if (this.#state !== 'running') throw gone(this.id);
    return this.#surroundings.connect(port);
  }

  destroy(): Promise<void> {
    return this.#remove(false);
  }

  /** Ends and removes everything but the disk and the user id, which the next sandbox goes on with. */
  destroyExceptTmp(): Promise<void> {
    return this.#remove(true);
  }

  #remove(keep: boolean): Promise<void> {
    this.#removal ??= this.#killAndRelease(keep);
    return this.#removal;
  }

  async #killAndRelease(keep: boolean): Promise<void> {
    // The signal first: a frozen process that is thawed with a SIGKILL pending runs no further instruction.
    this.signal('SIGKILL');
    this.thaw();
    await this.#command.ended;
    this.usage();
    this.#state = 'removed';
    this.#command.cgroup.close();
    for (const output of this.#outputs()) if (output.readableFlowing === null) output.resume();
    await this.#surroundings.release(keep);
  }

  async #watch(): Promise<SandboxExit> {
    const end = await this.#command.ended;
    if (this.#state === 'running') this.#state = 'ended';
    const exit = this.#exitOf(end);
    await Promise.allSettled(this.#outputs().map((output) => finished(output, { writable: false })));
    return exit;
  }

  async #watchCommand(): Promise<SandboxExit> {
    return this.#exitOf(await this.#command.commandEnded);
  }

  #exitOf(end: CommandEnd): SandboxExit {
    const failed = !('exitCode' in end && end.exitCode === 0);
    return {
      ...end,
      outOfMemory: failed && this.#state !== 'removed' && this.#command.cgroup.oomKills() > 0,
    };
  }

  #outputs(): readonly Readable[] {
    const { stdout, stderr, log, companions } = this.#command;
    return [stdout, stderr, log, ...companions.map(({ output }) => output)];
  }
}

function gone(id: string): SandboxError {
  return new SandboxError(`sandbox ${id} does not run any more`, { fault: 'machine' });
}
