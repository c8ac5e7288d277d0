import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runProgram } from '../../run-program.ts';
import type { SandboxForkSpec } from '../../sandbox.ts';
import { SandboxError } from '../../sandbox-error.ts';
import { makeOpenFolder } from '../../system/folders.ts';
import type { OutputPipe } from '../../system/pipes.ts';
import { listenOnUnixSocket } from '../../system/unix-listener.ts';
import { PRIVATE_ETC_DIR, writePrivateEtc } from '../etc.ts';
import {
  dismantle,
  HOSTNAME,
  type Keepsake,
  type LaunchParts,
  makeFolder,
  RUNTIME_SOCKET_PATH,
  type Surroundings,
} from '../launch.ts';
import { OciSandbox } from '../oci-sandbox.ts';
import { ForkProcess } from './fork-process.ts';
import { planFork } from './fork-plan.ts';

/** A command that stands still, about to call fork(2) when it is let. */
export interface ForkTemplate {
  /** Of the command, on the host. */
  readonly pid: number;
  /** The host's folder behind its `/tmp`. */
  readonly tmpPath: string;
  /** Lets it run, up to its fork. */
  letFork(): void;
  /** It has forked. */
  freeze(): void;
}

interface ForkLaunch {
  readonly template: ForkTemplate;
  readonly spec: SandboxForkSpec;
  readonly keepsake: Keepsake;
  readonly onRemoved: (keep: boolean) => Promise<void>;
}

/** A template that was let go on and does not fork is no use; AWS gives a Restore 10 s altogether. */
const FORK_TIMEOUT_MS = 10_000;

/** Forks the template into a sandbox. Nothing is left when this rejects. */
export async function launchFork(parts: LaunchParts, options: ForkLaunch): Promise<OciSandbox> {
  const { spec, onRemoved } = options;
  const folder = makeFolder(parts, spec.id);
  const surroundings: Surroundings = {};
  try {
    const fork = await makeFork(parts, { ...options, folder, surroundings });
    return new OciSandbox(
      spec.id,
      { ...fork, cgroup: parts.cgroups.open(spec.id) },
      {
        connect: async (port) => {
          if (!surroundings.network) throw new Error('the network is gone');
          return surroundings.network.connect(port);
        },
        mountLate: () => {
          throw new SandboxError('a fork has the mounts of its template', { fault: 'machine' });
        },
        release: async (keep) => {
          await dismantle(parts, spec.id, surroundings);
          await onRemoved(keep);
        },
      },
    );
  } catch (error) {
    await dismantle(parts, spec.id, surroundings);
    throw error;
  }
}

interface MakeOptions extends ForkLaunch {
  readonly folder: string;
  readonly surroundings: Surroundings;
}

async function makeFork(parts: LaunchParts, options: MakeOptions) {
  const { template, spec, keepsake, folder, surroundings } = options;
  const { runPath, outputs } = prepareFolders(parts, options);
  const groupFiles = parts.cgroups.create(spec.id, { ...spec, limitSwap: parts.limitSwap });
  await copyTmp(template.tmpPath, keepsake.disk.path);
  const planPath = join(folder, 'plan');
  const { pid: templatePid } = template;
  const { uid, disk } = keepsake;
  const forkOptions = { templatePid, uid, planPath, tmpPath: disk.path, runPath, groupFiles };
  const forking = await ForkProcess.start(parts, forkOptions);
  const cancel = parts.clock.setTimer(FORK_TIMEOUT_MS, () => forking.kill());
  try {
    await forking.ready;
    template.letFork();
    const pid = await forking.born;
    template.freeze();
    surroundings.network = await parts.networks.adopt(`/proc/${pid}/ns/net`, spec.listeners, spec.network);
    writeFileSync(planPath, `${planOf(pid).join('\n')}\n`, { mode: 0o600 });
    await forking.finish();
    const [stdout, stderr, log] = outputs;
    const ends = { stdout: stdout.readEnd, stderr: stderr.readEnd, log: log.readEnd };
    return { pid, ended: forking.ended, commandEnded: forking.ended, companions: [], ...ends };
  } catch (error) {
    forking.kill();
    await forking.ended;
    for (const { readEnd } of outputs) readEnd.destroy();
    throw error;
  } finally {
    cancel();
    for (const pipe of outputs) pipe.closeWriteEnd();
  }
}

/** What becomes the fork's /run/hearth: its socket, its files of /etc, and pipes for it to open. */
function prepareFolders(parts: LaunchParts, { spec, keepsake, folder, surroundings }: MakeOptions) {
  const { uid } = keepsake;
  const runPath = dirname(join(folder, RUNTIME_SOCKET_PATH));
  makeOpenFolder(join(folder, PRIVATE_ETC_DIR));
  const { resolvConf } = parts.networks;
  writePrivateEtc(folder, { uid, hostname: HOSTNAME, resolvConf, hosts: spec.hosts ?? {} });
  if (spec.onRuntimeSocket) {
    const socketPath = join(folder, RUNTIME_SOCKET_PATH);
    surroundings.socket = listenOnUnixSocket(socketPath, uid, spec.onRuntimeSocket);
  }
  const pipe = (name: string): OutputPipe => {
    const made = parts.createNamedPipe(join(runPath, name));
    made.giveTo(uid);
    return made;
  };
  return { runPath, outputs: [pipe('stdout'), pipe('stderr'), pipe('log')] as const };
}

/** The plan of a fork that was just born; the template may have changed since it was last looked at. */
function planOf(pid: number): readonly string[] {
  const { obstacles, lines } = planFork(pid);
  if (obstacles.length === 0) return lines;
  throw new SandboxError(obstacles.join('; '), { fault: 'command' });
}

/** The template is frozen, so that nothing moves under the copy. Most functions leave nothing in /tmp. */
async function copyTmp(from: string, to: string): Promise<void> {
  if (readdirSync(from).length === 0) return;
  const { exitCode, stderr } = await runProgram(['/bin/cp', '--archive', `${from}/.`, to]);
  if (exitCode !== 0) throw new SandboxError(`cannot copy /tmp: ${stderr}`, { fault: 'machine' });
}
