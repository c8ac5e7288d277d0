import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog, ManualClock, randomIds } from '../../src/base/index.ts';
import {
  applyMigrations,
  type Database,
  type DatabaseLocation,
  openDatabase,
} from '../../src/store/index.ts';
import {
  type FunctionsModule,
  functionSettingsMigrations,
  functionsMigrations,
  type KnownRuntimes,
  openFunctions,
  openSettings,
  type SettingsModule,
  type VersionSnapshots,
} from '../../src/functions/index.ts';
import { databaseLocation } from './database-location.ts';

export { zip as zipOf } from './zip.ts';

/** A data folder with an open module over a real database. */
export interface FunctionsFixture {
  readonly folder: string;
  readonly clock: ManualClock;
  readonly database: Database;
  readonly module: FunctionsModule;
  readonly settings: SettingsModule;
  readonly retired: string[];
  /** Closes everything and opens it again over the same folder, as after a restart. */
  reopen(): Promise<FunctionsFixture>;
  close(): Promise<void>;
}

export const scope = { account: '000000000000', region: 'us-east-1' } as const;
export const caller = { account: scope.account, arn: `arn:aws:iam::${scope.account}:root` } as const;

/** Runtimes as a machine has them that lacks Ruby. */
export const someRuntimes: KnownRuntimes = {
  describe: async (identifier) => {
    const versionArnHash = 'a'.repeat(64);
    if (identifier.startsWith('ruby'))
      return { versionArnHash, howToAdd: `hearth runtimes add ${identifier}` };
    return { versionArnHash, interpreter: { path: '/usr/bin/true', version: '1' } };
  },
};

interface FixtureOptions {
  readonly folder?: string;
  /** A SQLite file in the folder by default. */
  readonly location?: DatabaseLocation;
  readonly runtimes?: KnownRuntimes;
  readonly hotReloadRoots?: readonly string[];
  readonly totalCodeBytes?: number;
  readonly random?: () => number;
  readonly snapshots?: VersionSnapshots;
}

export async function openFixture(options: FixtureOptions = {}): Promise<FunctionsFixture> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'hearth-functions-'));
  const clock = new ManualClock();
  const database = await openDatabase(options.location ?? (await databaseLocation(folder)), clock);
  await applyMigrations(database, [...functionsMigrations, ...functionSettingsMigrations]);
  const settings = openSettings({ database, ids: randomIds, clock });
  const module = await openFunctions({
    runtimes: someRuntimes,
    ...options,
    database,
    folder: join(folder, 'code'),
    clock,
    ids: randomIds,
    log: createLog('silent'),
    access: settings.access,
    dependents: settings.dependents,
    concurrency: settings.concurrency,
  });
  const retired: string[] = [];
  module.lookup.onRetired((deploymentId) => retired.push(deploymentId));
  const stop = async (): Promise<void> => {
    await module.close();
    await database.close();
  };
  return {
    folder,
    clock,
    database,
    module,
    settings,
    retired,
    reopen: async () => {
      await stop();
      return openFixture({ ...options, folder });
    },
    close: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
