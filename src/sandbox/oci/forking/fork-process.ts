import { createInterface } from 'node:readline';
import { SandboxError } from '../../sandbox-error.ts';
import { sendSignal } from '../../system/signals.ts';
import { type CommandEnd, signalName } from '../command-status.ts';
import { MASKED_PATHS, READ_ONLY_PATHS } from '../config.ts';
import type { LaunchParts } from '../launch.ts';

interface ForkOptions {
  readonly templatePid: number;
  readonly uid: number;
  /** Where the plan will be when `finish` is called. */
  readonly planPath: string;
  readonly tmpPath: string;
  readonly runPath: string;
  /** Files that take the fork's process id. */
  readonly groupFiles: readonly string[];
}

/** The step and the error number (EPERM) of the call that makes the namespaces. */
const NO_USER_NAMESPACES = 'fork 1';
const WITHOUT_USER_NAMESPACES =
  'Linux allows no user namespaces here, be it by a setting or because Hearth runs in a chroot';

type Step = 'ready' | 'born' | 'started' | 'ended';

/** The program that forks a template (native/fork-x64.c): one for each fork, which it watches until its end. */
export class ForkProcess {
  /** Settles when the fork and this program are dead. */
  readonly ended: Promise<CommandEnd>;
  readonly #pid: number;
  readonly #steps: Readonly<Record<Step, PromiseWithResolvers<number>>> = {
    ready: Promise.withResolvers(),
    born: Promise.withResolvers(),
    started: Promise.withResolvers(),
    ended: Promise.withResolvers(),
  };
  #end: CommandEnd = { signal: 'SIGKILL' };

  static async start(parts: LaunchParts, options: ForkOptions): Promise<ForkProcess> {
    const status = parts.createPipe();
    const groups = options.groupFiles.map((file) => `c:${file}`);
    const hidden = MASKED_PATHS.map((path) => `m:${path}`);
    const readOnly = READ_ONLY_PATHS.map((path) => `r:${path}`);
    const { templatePid, uid, planPath, tmpPath, runPath } = options;
    const args = [
      String(templatePid),
      String(uid),
      planPath,
      tmpPath,
      runPath,
      ...groups,
      ...hidden,
      ...readOnly,
    ];
    try {
      const pid = await parts.runc.spawn({
        program: parts.layout.forkPath,
        args,
        descriptors: [status.writeFd],
      });
      const forking = new ForkProcess(pid, parts.runc.children.waitForGroup(pid));
      createInterface({ input: status.readEnd })
        .on('line', (line) => forking.#onLine(line))
        .on('close', () => forking.#giveUp('it was killed'));
      return forking;
    } catch (error) {
      status.readEnd.destroy();
      throw error;
    } finally {
      status.closeWriteEnd();
    }
  }

  private constructor(pid: number, dead: Promise<unknown>) {
    this.#pid = pid;
    for (const { promise } of Object.values(this.#steps)) promise.catch(() => undefined);
    this.ended = dead.then(() => this.#end);
  }

  /** The template may run to its fork. */
  get ready(): Promise<number> {
    return this.#steps.ready.promise;
  }

  /** The fork's process id on the host; it has not run yet. */
  get born(): Promise<number> {
    return this.#steps.born.promise;
  }

  /** The plan is written: finishes the fork and lets it run. */
  async finish(): Promise<void> {
    sendSignal(this.#pid, 'SIGUSR1');
    await this.#steps.started.promise;
  }

  /** Ends a fork that is not to be; the fork dies with this program. */
  kill(): void {
    sendSignal(this.#pid, 'SIGKILL');
  }

  #onLine(line: string): void {
    const [step = '', ...rest] = line.split(' ');
    const value = Number(rest.at(-1) ?? 0);
    if (step === 'ready' || step === 'born' || step === 'started') this.#steps[step].resolve(value);
    if (step === 'exited') this.#end = { exitCode: value };
    if (step === 'killed') this.#end = { signal: signalName(value) };
    if (step === 'failed') this.#giveUp(rest.join(' '));
  }

  #giveUp(why: string): void {
    const text = why === NO_USER_NAMESPACES ? WITHOUT_USER_NAMESPACES : why;
    const error = new SandboxError(`the fork was not made: ${text}`, { fault: 'machine' });
    for (const { reject } of Object.values(this.#steps)) reject(error);
  }
}
