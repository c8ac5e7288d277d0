import { mkdirSync, rmSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import type { Clock, Log } from '../../base/index.ts';
import { openCgroups } from '../cgroups/layout.ts';
import { LoopDisks, MemoryDisks } from '../disks/disks.ts';
import { openSandboxNetworks, type SandboxNetworks } from '../network/network.ts';
import { type OciMachine, requireOci } from '../probe/probe.ts';
import type { Sandbox, SandboxCapabilities, SandboxFactory, SandboxForks, SandboxSpec } from '../sandbox.ts';
import { SandboxError } from '../sandbox-error.ts';
import { adoptOrphans } from '../system/children.ts';
import { createMounter } from '../system/mounts.ts';
import { createNamedPipes, createPipes } from '../system/pipes.ts';
import { createSpawner } from '../system/spawn.ts';
import { Turns } from '../system/turns.ts';
import { SandboxRegistry } from '../system/registry.ts';
import { loadNativeLibrary } from '../system/native.ts';
import { writeSharedEtc } from './etc.ts';
import { createLateMounts, type LateMounts } from './late-mounts.ts';
import { cannotForkHere, OciForks } from './forking/oci-forks.ts';
import { type Keepsake, type LaunchParts, launch } from './launch.ts';
import { layoutOf, prepareLayout, removeLayout } from './layout.ts';
import { planRoot } from './root.ts';
import { seccompProfile } from './seccomp.ts';
import { sweepSandboxes } from './sweep.ts';
import { Volumes } from './volumes.ts';
import { UserIds } from '../system/user-ids.ts';

export interface OciSandboxFactoryOptions {
  /** Folder on a real disk that belongs to this server alone; names of everything else derive from it. */
  readonly stateDir: string;
  readonly log: Log;
  readonly clock: Clock;
  /** Default `/run/hearth`. */
  readonly runBase?: string;
}

/** Disks of each size kept ready: enough for a small burst; making one more takes about a millisecond. */
const SPARE_DISKS = 4;

/** A starting `runc` has 20 MB; on two cores 2, 8 or 50 at once finished a burst of 50 in the same time. */
const MAX_STARTS_AT_ONCE = 32;

/**
 * Sandboxes by the OCI runtime `runc`, as root. Rejects with a `SandboxError` that names what the machine lacks.
 * One for each process, in its main thread: it adopts the orphans of `runc` and listens to SIGCHLD.
 */
export async function createOciSandboxFactory(options: OciSandboxFactoryOptions): Promise<SandboxFactory> {
  if (!isMainThread) {
    throw new SandboxError('worker threads cannot wait for sandboxes: signals reach the main thread only', {
      fault: 'machine',
    });
  }
  const machine = requireOci();
  const library = await loadNativeLibrary();
  const mounter = createMounter(library);
  mkdirSync(options.stateDir, { recursive: true, mode: 0o700 });
  const layout = layoutOf(options.stateDir, options.runBase ?? '/run/hearth');
  await prepareLayout(layout, mounter);
  const { diskImagesDir: imageDir, diskMountsDir: mountDir } = layout;
  const cgroups = openCgroups(machine.cgroupMounts, layout.cgroup);
  const networks = await openSandboxNetworks({ folder: layout.networkDir, ...options });
  const children = adoptOrphans(library);
  rmSync(layout.sharedEtcDir, { recursive: true, force: true });
  const etcFolders = writeSharedEtc(layout.sharedEtcDir);
  const parts: LaunchParts = {
    layout,
    networks,
    clock: options.clock,
    log: options.log,
    cgroups,
    disks: machine.loopDisks
      ? new LoopDisks({ imageDir, mountDir, library, mounter, spares: SPARE_DISKS })
      : new MemoryDisks(mountDir, mounter),
    mounter,
    lateMounts: createLateMounts(library),
    volumes: new Volumes(layout.volumesDir, mounter, library),
    createPipe: createPipes(library),
    rootPlan: planRoot(layout, etcFolders),
    runc: {
      program: machine.runc,
      stateDir: layout.runcDir,
      spawn: createSpawner(library),
      children,
      turns: new Turns(MAX_STARTS_AT_ONCE),
    },
    seccomp: seccompProfile(process.arch),
    forkableSeccomp: seccompProfile(process.arch, true),
    createNamedPipe: createNamedPipes(library),
    limitSwap: machine.limitsSwap,
  };
  return new OciSandboxFactory(parts, capabilitiesOf(machine, networks, parts.lateMounts));
}

function capabilitiesOf(
  machine: OciMachine,
  networks: SandboxNetworks,
  lateMounts: LateMounts,
): SandboxCapabilities {
  const cannotFork = cannotForkHere();
  return {
    kind: 'oci',
    enforced: ENFORCED,
    gaps: [...machine.gaps, ...networks.gaps, ...(cannotFork === undefined ? [] : [cannotFork])],
    lateBinding: lateMounts.possible,
    ...(cannotFork === undefined ? {} : { cannotFork }),
  };
}

const ENFORCED = [
  'memory',
  'cpu',
  'pids',
  'files',
  'tmp-size',
  'freeze',
  'network',
  'users',
  'read-only-mounts',
  'file-system',
  'system-calls',
];

class OciSandboxFactory implements SandboxFactory {
  readonly capabilities: SandboxCapabilities;
  readonly forks?: SandboxForks;
  readonly #parts: LaunchParts;
  readonly #registry: SandboxRegistry<Keepsake>;
  #closing: Promise<void> | undefined;

  constructor(parts: LaunchParts, capabilities: SandboxCapabilities) {
    this.#parts = parts;
    this.capabilities = capabilities;
    const userIds = new UserIds(parts.layout.hash);
    this.#registry = new SandboxRegistry({
      make: async (spec) => ({ disk: await parts.disks.take(spec.tmpBytes), uid: userIds.take() }),
      launch: (spec, keepsake, onRemoved) => launch(parts, spec, keepsake, onRemoved),
      dispose: async ({ disk, uid }) => {
        userIds.release(uid);
        await disk.destroy();
      },
    });
    if (capabilities.cannotFork === undefined) {
      this.forks = new OciForks(parts, this.#registry, userIds);
    }
  }

  checkVolume(source: string): Promise<void> {
    return this.#parts.volumes.check(source);
  }

  start(spec: SandboxSpec): Promise<Sandbox> {
    return this.#registry.start(spec);
  }

  restart(previous: Sandbox, spec: SandboxSpec): Promise<Sandbox> {
    return this.#registry.restart(previous, spec);
  }

  async sweep(): Promise<{ readonly removed: readonly string[] }> {
    const sandboxes = await sweepSandboxes(this.#parts);
    return { removed: [...sandboxes, ...(await this.#parts.networks.sweep())] };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { networks, disks, cgroups, runc, layout, mounter } = this.#parts;
    await this.#registry.close();
    await networks.close();
    await disks.close();
    cgroups.close();
    runc.children.close();
    await removeLayout(layout, mounter);
  }
}
