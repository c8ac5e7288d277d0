import type { Clock, Ids, Log } from '../base/index.ts';
import type { Database } from '../store/index.ts';
import type { Images } from '../images/index.ts';
import type { CodeCollector } from './code-collector.ts';
import type { CodeStore } from './code/code-store.ts';
import type { FileSystems } from './file-systems.ts';
import type { LiveFolders } from './hot-reload.ts';
import type { LiveLookup } from './live-lookup.ts';
import type { Vpc } from './vpc.ts';
import type { VersionSnapshots } from './snap-start.ts';
import type { FunctionDependents, KnownRuntimes, ResourceAccess } from './settings.ts';

/** What the features of this module are made of; `openFunctions` puts it together. */
export interface FunctionsParts {
  readonly database: Database;
  readonly code: CodeStore;
  readonly collector: CodeCollector;
  /** Absent where the sandbox cannot run them. */
  readonly images?: Images | undefined;
  readonly liveFolders: LiveFolders;
  readonly fileSystems: FileSystems;
  readonly vpc: Vpc;
  /** Where the kernel lists the emulators that it knows. */
  readonly emulatorsFolder: string;
  readonly lookup: LiveLookup;
  readonly runtimes: KnownRuntimes;
  readonly access: ResourceAccess;
  readonly dependents: FunctionDependents;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly snapshots?: VersionSnapshots;
  /** Over all versions and layer versions of one account and region. */
  readonly totalCodeBytes: number;
}
