import { mkdirSync } from 'node:fs';
import type { Clock, Ids, Log } from '../base/index.ts';
import type { Images } from '../images/index.ts';
import { type FunctionVersion, limits, type Scope } from '../model/index.ts';
import type { Database } from '../store/index.ts';
import { Aliases } from './aliases.ts';
import { CodeStore } from './code/code-store.ts';
import { DownloadLinks } from './code/download-links.ts';
import { CodeCollector } from './code-collector.ts';
import { FileSystems } from './file-systems.ts';
import { Functions } from './functions.ts';
import { countEverything, readCodeUsage } from './code-usage-store.ts';
import { LiveFolders } from './hot-reload.ts';
import { Layers } from './layers.ts';
import { LiveLookup } from './live-lookup.ts';
import type { FunctionsParts } from './parts.ts';
import type { FunctionDependents, KnownRuntimes, ReservedConcurrency, ResourceAccess } from './settings.ts';
import type { VersionSnapshots } from './snap-start.ts';
import { Transitions } from './transitions.ts';
import { Versions } from './versions.ts';
import { Vpc } from './vpc.ts';

export interface FunctionsOptions {
  /** With `functionsMigrations` applied. */
  readonly database: Database;
  /** For code, links' key and what is made of them; made if absent. */
  readonly folder: string;
  /** Service time. */
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly runtimes: KnownRuntimes;
  /** Absent where the sandbox cannot run them; closed by whoever made them, before this is closed. */
  readonly images?: Images | undefined;
  readonly access: ResourceAccess;
  readonly dependents: FunctionDependents;
  readonly concurrency: ReservedConcurrency;
  readonly snapshots?: VersionSnapshots;
  /** Folders that hot reload may mount; none by default. */
  readonly hotReloadRoots?: readonly string[];
  /** Folders of the host that stand for file systems; none by default. */
  readonly fileSystems?: FileSystems;
  /** Subnets and security groups; none by default. */
  readonly vpc?: Vpc;
  /** The kernel's own by default. */
  readonly emulatorsFolder?: string;
  /** Uniform in [0, 1), for weighted aliases. */
  readonly random?: () => number;
  /** Of all code of one account and region; AWS's quota by default. */
  readonly totalCodeBytes?: number;
}

/** The features of this module, put together over one data folder. */
export interface FunctionsModule {
  readonly functions: Functions;
  readonly versions: Versions;
  readonly aliases: Aliases;
  readonly layers: Layers;
  readonly lookup: LiveLookup;
  readonly downloadLinks: DownloadLinks;
  /** For `GetAccountSettings`. */
  codeUsage(scope: Scope): Promise<{ readonly totalCodeBytes: number; readonly functionCount: number }>;
  /** Nothing ran of this version with SnapStart for so long that its snapshot was let go. */
  deactivate(version: FunctionVersion): Promise<void>;
  /** How many there are of each, in all accounts and regions. */
  count(): Promise<{ readonly functions: number; readonly versions: number; readonly layers: number }>;
  /** To be called when everything was deleted from the database: lets go of what is remembered of it. */
  forgetAll(): void;
  /** Removes all code that no version refers to, whether or not something runs from it. */
  collectCode(): Promise<void>;
  /** Resolves once no removal of unused code is under way. */
  collected(): Promise<void>;
  /** Resolves once every version that was being made or updated is settled. */
  settled(): Promise<void>;
  /** Finishes what is under way and lets go of threads, timers and watchers. */
  close(): Promise<void>;
}

/** Opens the module: removes leftovers of a crash and unused code, and finishes interrupted transitions. */
export async function openFunctions(options: FunctionsOptions): Promise<FunctionsModule> {
  const { database, folder, clock, ids, log } = options;
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const code = await CodeStore.open({ folder, clock, ids });
  const collector = new CodeCollector({ database, code, images: options.images, clock, log });
  const liveFolders = new LiveFolders({ roots: options.hotReloadRoots ?? [], clock, ids, log });
  const lookup = new LiveLookup({
    database,
    code,
    images: options.images,
    liveFolders,
    concurrency: options.concurrency,
    random: options.random ?? Math.random,
  });
  const parts: FunctionsParts = {
    ...options,
    code,
    collector,
    liveFolders,
    vpc: options.vpc ?? new Vpc({ subnets: new Map(), securityGroups: [] }, true),
    fileSystems: options.fileSystems ?? new FileSystems([]),
    lookup,
    emulatorsFolder: options.emulatorsFolder ?? '/proc/sys/fs/binfmt_misc',
    totalCodeBytes: options.totalCodeBytes ?? limits.totalCodeBytes,
  };
  const transitions = new Transitions(parts);
  lookup.onInactive((version) => transitions.reactivate(version));
  await collector.collectAll();
  await transitions.recover();
  return {
    functions: new Functions(parts, transitions),
    versions: new Versions(parts, transitions),
    aliases: new Aliases(parts),
    layers: new Layers(parts),
    lookup,
    downloadLinks: DownloadLinks.open({ folder, code, clock }),
    codeUsage: (scope) => readCodeUsage(database, scope),
    deactivate: (version) => transitions.deactivate(version),
    count: () => countEverything(database),
    forgetAll: () => lookup.clear(),
    collectCode: () => collector.collectAll(),
    collected: () => collector.settled(),
    settled: () => transitions.settled(),
    close: async () => {
      await transitions.settled();
      await collector.close();
      liveFolders.close();
      await code.close();
    },
  };
}
