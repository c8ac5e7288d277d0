import { rmSync } from 'node:fs';
import type { Clock, Log } from '../../base/index.ts';
import { openCgroups } from '../cgroups/layout.ts';
import { LoopDisks } from '../disks/disks.ts';
import { openSandboxNetworks, type SandboxNetworks } from '../network/network.ts';
import { type OciMachine, requireOci } from '../probe/probe.ts';
import type { Sandbox, SandboxCapabilities, SandboxFactory, SandboxSpec } from '../sandbox.ts';
import { SandboxError } from '../sandbox-error.ts';
import { type AdoptedChildren, adoptOrphans } from '../system/children.ts';
import { createMounter } from '../system/mounts.ts';
import { createPipes } from '../system/pipes.ts';
import { loadNativeLibrary } from '../system/native.ts';
import { writeSharedEtc } from './etc.ts';
import { type Keepsake, type LaunchParts, launch } from './launch.ts';
import { prepareLayout } from './layout.ts';
import type { OciSandbox } from './oci-sandbox.ts';
import { planRoot } from './root.ts';
import { seccompProfile } from './seccomp.ts';
import { sweepSandboxes } from './sweep.ts';
import { UserIds } from './user-ids.ts';

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

/**
 * Sandboxes by the OCI runtime `runc`, as root. Rejects with a `SandboxError` that names what the machine lacks.
 * One for each process, in its main thread: it adopts the orphans of `runc` and listens to SIGCHLD.
 */
export async function createOciSandboxFactory(options: OciSandboxFactoryOptions): Promise<SandboxFactory> {
  const machine = await requireOci();
  const layout = prepareLayout(options.stateDir, options.runBase ?? '/run/hearth');
  const library = await loadNativeLibrary();
  const { diskImagesDir: imageDir, diskMountsDir: mountDir } = layout;
  const mounter = createMounter(library);
  const cgroups = openCgroups(machine.cgroupMounts, layout.cgroup);
  const networks = await openSandboxNetworks({ folder: layout.networkDir, ...options });
  const children = adoptOrphans(library);
  rmSync(layout.sharedEtcDir, { recursive: true, force: true });
  writeSharedEtc(layout.sharedEtcDir);
  const parts: LaunchParts = {
    layout,
    networks,
    clock: options.clock,
    log: options.log,
    cgroups,
    disks: new LoopDisks({ imageDir, mountDir, library, mounter, spares: SPARE_DISKS }),
    mounter,
    children,
    createPipe: createPipes(library),
    rootPlan: planRoot(layout.sharedEtcDir),
    runc: machine.runc,
    seccomp: seccompProfile(process.arch),
    limitSwap: machine.limitsSwap,
  };
  return new OciSandboxFactory(parts, children, capabilitiesOf(machine, networks), new UserIds(layout.hash));
}

function capabilitiesOf(machine: OciMachine, networks: SandboxNetworks): SandboxCapabilities {
  return { kind: 'oci', enforced: ENFORCED, gaps: [...machine.gaps, ...networks.gaps] };
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
  'file-system',
  'system-calls',
];

class OciSandboxFactory implements SandboxFactory {
  readonly capabilities: SandboxCapabilities;
  readonly #parts: LaunchParts;
  readonly #children: AdoptedChildren;
  readonly #userIds: UserIds;
  /** Each live or starting sandbox, with what it leaves to a successor. */
  readonly #live = new Map<Sandbox, { readonly sandbox: OciSandbox; readonly keepsake: Keepsake }>();
  readonly #starting = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(
    parts: LaunchParts,
    children: AdoptedChildren,
    capabilities: SandboxCapabilities,
    userIds: UserIds,
  ) {
    this.#parts = parts;
    this.#children = children;
    this.capabilities = capabilities;
    this.#userIds = userIds;
  }

  start(spec: SandboxSpec): Promise<Sandbox> {
    return this.#track(async () => {
      const keepsake = { disk: await this.#parts.disks.take(spec.tmpBytes), uid: this.#userIds.take() };
      return this.#launch(spec, keepsake);
    });
  }

  restart(previous: Sandbox, spec: SandboxSpec): Promise<Sandbox> {
    return this.#track(async () => {
      const live = this.#live.get(previous);
      if (!live)
        throw new SandboxError(`sandbox ${previous.id} is gone, and its /tmp with it`, { fault: 'machine' });
      this.#live.delete(previous);
      await live.sandbox.destroyExceptDisk();
      return this.#launch(spec, live.keepsake);
    });
  }

  async sweep(): Promise<{ readonly removed: readonly string[] }> {
    const sandboxes = await sweepSandboxes(this.#parts);
    return { removed: [...sandboxes, ...(await this.#parts.networks.sweep())] };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #track<T>(start: () => Promise<T>): Promise<T> {
    if (this.#closing)
      throw new SandboxError('no sandbox starts while the server closes', { fault: 'machine' });
    const started = start();
    this.#starting.add(started);
    try {
      return await started;
    } finally {
      this.#starting.delete(started);
    }
  }

  async #launch(spec: SandboxSpec, keepsake: Keepsake): Promise<Sandbox> {
    try {
      const sandbox = await launch(this.#parts, spec, keepsake, async (keepDisk) => {
        this.#live.delete(sandbox);
        if (!keepDisk) await this.#dispose(keepsake);
      });
      this.#live.set(sandbox, { sandbox, keepsake });
      return sandbox;
    } catch (error) {
      await this.#dispose(keepsake);
      throw error;
    }
  }

  async #dispose({ disk, uid }: Keepsake): Promise<void> {
    this.#userIds.release(uid);
    await disk.destroy();
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#starting);
    await Promise.allSettled([...this.#live.keys()].map((sandbox) => sandbox.destroy()));
    await this.#parts.networks.close();
    await this.#parts.disks.close();
    this.#parts.cgroups.close();
    this.#children.close();
    rmSync(this.#parts.layout.runDir, { recursive: true, force: true });
  }
}
