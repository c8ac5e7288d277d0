import { join } from 'node:path';
import { LateSnapshots } from '../environments/index.ts';
import {
  FileSystems,
  type FunctionsModule,
  openFunctions,
  openSettings,
  type SettingsModule,
  Vpc,
} from '../functions/index.ts';
import { Images, parseNamedRegistry } from '../images/index.ts';
import { localMachine, type Machine, MachineRuntimes } from '../runtimes/index.ts';
import type { SandboxFactory } from '../sandbox/index.ts';
import type { Ground } from './ground.ts';
import type { HearthOptions } from './options.ts';
import { NO_FILE_SYSTEMS } from './sandboxes.ts';

/** What functions are, and what of this machine can run them. */
export interface FunctionParts {
  readonly snapshots: LateSnapshots;
  readonly machine: Machine;
  readonly runtimes: MachineRuntimes;
  readonly settings: SettingsModule;
  readonly fileSystems: FileSystems;
  readonly vpc: Vpc;
  readonly features: FunctionsModule;
}

/** Container images run from a root file system of their own, which only `oci` has. */
export async function openImages(
  { options, folder, clock, ids, log }: Ground,
  { capabilities }: SandboxFactory,
): Promise<Images | undefined> {
  if (capabilities.kind !== 'oci') return undefined;
  const named = registryOf(options);
  return Images.open({
    folder: join(folder, 'images'),
    clock,
    ids,
    log,
    named,
    anyLocalRegistry: options.auth === 'permissive',
    dockerConfig: options.dockerConfig,
  });
}

export function registryOf({ registry }: HearthOptions) {
  return registry === undefined ? undefined : parseNamedRegistry(registry);
}

export async function openFunctionParts(
  ground: Ground,
  {
    sandboxes,
    images,
    snapshots,
  }: {
    readonly sandboxes: SandboxFactory;
    readonly images: Images | undefined;
    readonly snapshots: LateSnapshots;
  },
): Promise<FunctionParts> {
  const { options, folder, closing } = ground;
  const machine = localMachine(options.searchEnv, folder);
  const runtimes = new MachineRuntimes(machine);
  const settings = openSettings({ ...ground, accountConcurrency: options.accountConcurrency });
  const fileSystems = await openFileSystems(options, sandboxes);
  const vpc = new Vpc(options, sandboxes.capabilities.enforced.includes('network'));
  const { access, dependents, concurrency } = settings;
  const features = await openFunctions({
    ...ground,
    folder: join(folder, 'functions'),
    runtimes,
    images,
    access,
    dependents,
    concurrency,
    fileSystems,
    vpc,
    snapshots,
    hotReloadRoots: options.hotReloadFolders,
  });
  closing.defer(() => features.close());
  // Before the module, which finishes what it began: a snapshot that is not taken now is taken at the next start.
  closing.defer(() => snapshots.close());
  return { machine, runtimes, settings, fileSystems, vpc, features, snapshots };
}

/** Folders that cannot be mounted are found at start, not by the first invocation. */
async function openFileSystems(
  { fileSystems }: HearthOptions,
  sandboxes: SandboxFactory,
): Promise<FileSystems> {
  if (!sandboxes.checkVolume) return new FileSystems(fileSystems, NO_FILE_SYSTEMS);
  const opened = new FileSystems(fileSystems);
  for (const folder of opened.folders) await sandboxes.checkVolume(folder);
  return opened;
}
