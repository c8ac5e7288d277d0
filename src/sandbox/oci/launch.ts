import { mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Log } from '../../base/index.ts';
import type { Cgroups } from '../cgroups/cgroups.ts';
import type { Disk, Disks } from '../disks/disks.ts';
import type { SandboxNetwork, SandboxNetworks } from '../network/network.ts';
import type { InsideView, SandboxMount, SandboxProgram, SandboxSpec } from '../sandbox.ts';
import { SandboxError } from '../sandbox-error.ts';
import type { Mounter } from '../system/mounts.ts';
import type { OutputPipe } from '../system/pipes.ts';
import { startCommand } from './command.ts';
import { ociConfig } from './config.ts';
import { writePrivateEtc } from './etc.ts';
import type { LateMounts } from './late-mounts.ts';
import type { ServerLayout } from './layout.ts';
import { OciSandbox } from './oci-sandbox.ts';
import { ownRootMounts } from './own-root.ts';
import { assembleRoot, type OciMount, type RootPlan } from './root.ts';
import { type ClosableListener, listenOnUnixSocket } from '../system/unix-listener.ts';
import type { Runc } from './runc.ts';
import type { SeccompProfile } from './seccomp.ts';
import type { MountedVolumes, Volumes } from './volumes.ts';

/** What every launch of one server uses. */
export interface LaunchParts {
  readonly layout: ServerLayout;
  readonly networks: SandboxNetworks;
  readonly clock: Clock;
  readonly log: Log;
  readonly cgroups: Cgroups;
  readonly mounter: Mounter;
  readonly lateMounts: LateMounts;
  readonly volumes: Volumes;
  readonly disks: Disks;
  readonly createPipe: () => OutputPipe;
  /** Makes a pipe that has a name. */
  readonly createNamedPipe: (path: string) => OutputPipe;
  readonly rootPlan: RootPlan;
  readonly runc: Runc;
  readonly seccomp: SeccompProfile;
  /** Of a sandbox whose command may be forked. */
  readonly forkableSeccomp: SeccompProfile;
  readonly limitSwap: boolean;
}

/** What a restarted sandbox goes on with: the disk, and the user id that owns its files. */
export interface Keepsake {
  readonly disk: Disk;
  readonly uid: number;
}

export const RUNTIME_SOCKET_PATH = '/run/hearth/runtime.sock';
export const HOSTNAME = 'localhost';

/**
 * Starts `spec` under the OCI runtime. `onRemoved` is called once everything of the sandbox but the keepsake is gone;
 * when starting fails, everything is gone before this rejects.
 */
export async function launch(
  parts: LaunchParts,
  spec: SandboxSpec,
  keepsake: Keepsake,
  onRemoved: (keep: boolean) => Promise<void>,
): Promise<OciSandbox> {
  const folder = makeFolder(parts, spec.id);
  const surroundings: Surroundings = {};
  try {
    const program = spec.program(viewFrom(spec));
    const network = await surround(parts, { spec, program, keepsake, folder, surroundings });
    const command = await startCommand(parts, { spec, program, uid: keepsake.uid, bundle: folder });
    return new OciSandbox(spec.id, command, {
      connect: (port) => network.connect(port),
      mountLate: (mounts) => parts.lateMounts.mount(command.pid, checkedLate(spec, mounts)),
      release: async (keep) => {
        await dismantle(parts, spec.id, surroundings);
        await onRemoved(keep);
      },
    });
  } catch (error) {
    await dismantle(parts, spec.id, surroundings);
    throw error;
  }
}

function checkedLate(spec: SandboxSpec, mounts: readonly SandboxMount[]): readonly SandboxMount[] {
  const stray = mounts.find(({ target }) => !spec.lateMountPoints?.includes(target));
  if (stray) throw new SandboxError(`nothing may be mounted late at ${stray.target}`, { fault: 'machine' });
  return mounts;
}

/** What stands around the command, filled in as it is made, so that a failure half-way finds what to remove. */
export interface Surroundings {
  network?: SandboxNetwork;
  socket?: ClosableListener;
  volumes?: MountedVolumes;
}

export function makeFolder({ layout }: LaunchParts, id: string): string {
  const folder = join(layout.sandboxesDir, id);
  try {
    mkdirSync(folder, { mode: 0o700 });
    return folder;
  } catch (cause) {
    throw new SandboxError(`sandbox ${id} exists already`, { fault: 'machine', cause });
  }
}

interface SurroundOptions {
  readonly spec: SandboxSpec;
  readonly program: SandboxProgram;
  readonly keepsake: Keepsake;
  readonly folder: string;
  readonly surroundings: Surroundings;
}

/** Makes everything that must stand before the command starts; gives its network. */
async function surround(parts: LaunchParts, options: SurroundOptions): Promise<SandboxNetwork> {
  const { spec, program, keepsake, folder, surroundings } = options;
  const network = await parts.networks.create(spec.listeners, spec.network);
  surroundings.network = network;
  const { disk, uid } = keepsake;
  const volumes = await parts.volumes.mount(spec.id, spec.volumes ?? [], uid);
  surroundings.volumes = volumes;
  const privateRoot = join(folder, 'root');
  const rootMounts = mountsOf(parts, { ...spec, volumes: volumes.mounted }, privateRoot);
  const { resolvConf, namespacePath: networkNamespacePath } = network;
  writePrivateEtc(privateRoot, { uid, hostname: HOSTNAME, resolvConf, hosts: spec.hosts ?? {} });
  const config = ociConfig({
    spec,
    program,
    uid,
    hostname: HOSTNAME,
    rootPath: spec.root ?? privateRoot,
    rootMounts,
    tmpPath: disk.path,
    cgroupsPath: parts.cgroups.pathOf(spec.id),
    networkNamespacePath,
    seccomp: spec.forkable ? parts.forkableSeccomp : parts.seccomp,
    limitSwap: parts.limitSwap,
  });
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config), { mode: 0o600 });
  const socketPath = join(privateRoot, RUNTIME_SOCKET_PATH);
  if (spec.onRuntimeSocket) surroundings.socket = listenOnUnixSocket(socketPath, uid, spec.onRuntimeSocket);
  return network;
}

function mountsOf(
  { layout, rootPlan }: LaunchParts,
  spec: SandboxSpec,
  privateRoot: string,
): readonly OciMount[] {
  if (spec.root === undefined) return assembleRoot(privateRoot, rootPlan, spec);
  if (spec.mounts.length > 0 || spec.onRuntimeSocket || (spec.volumes ?? []).length > 0) {
    throw new SandboxError('a root file system of its own takes no mounts', { fault: 'machine' });
  }
  return ownRootMounts(spec.root, privateRoot, layout.initPath);
}

function viewFrom(spec: SandboxSpec): InsideView {
  return {
    path: (target) => target,
    listenerAddress: (index) => {
      const listener = spec.listeners[index];
      if (!listener) throw new RangeError(`no listener ${index}`);
      return `${listener.host}:${listener.port}`;
    },
    ...(spec.onRuntimeSocket && { runtimeSocketPath: RUNTIME_SOCKET_PATH }),
  };
}

/** Removes all that was made for a sandbox whose processes are dead. One part that fails keeps no other. */
export async function dismantle(
  parts: LaunchParts,
  id: string,
  { network, socket, volumes }: Surroundings,
): Promise<void> {
  const { layout, log } = parts;
  socket?.close();
  const removals = [
    removeCgroup(parts, id),
    network?.destroy() ?? Promise.resolve(),
    volumes?.unmount() ?? Promise.resolve(),
    rm(join(layout.sandboxesDir, id), { recursive: true, force: true }),
    rm(join(layout.runcDir, id), { recursive: true, force: true }),
  ];
  for (const removal of await Promise.allSettled(removals)) {
    if (removal.status === 'rejected')
      log.error({ sandbox: id, err: removal.reason }, 'a sandbox left something');
  }
}

/** Tries at removing a control group that its last process is just leaving, and the pause between two. */
const REMOVE_TRIES = 200;
const REMOVE_PAUSE_MS = 5;

export async function removeCgroup({ cgroups, clock }: LaunchParts, id: string): Promise<void> {
  for (let tries = 1; !cgroups.remove(id); tries++) {
    if (tries === REMOVE_TRIES) throw new Error(`the control group of sandbox ${id} still holds a process`);
    await new Promise<void>((resolve) => void clock.setTimer(REMOVE_PAUSE_MS, resolve));
  }
}
