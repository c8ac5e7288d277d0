import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { iamMigrations } from '../api/index.ts';
import { autoscalingMigrations } from '../autoscaling/index.ts';
import { SessionCredentials } from '../aws-protocol/index.ts';
import { createLog, type Log, randomIds, secretFile, WallClock } from '../base/index.ts';
import { accessKeysMigrations } from '../edge/index.ts';
import { functionSettingsMigrations, functionsMigrations } from '../functions/index.ts';
import {
  applyMigrations,
  type Database,
  lockDatabase,
  lockDataFolder,
  openDatabase,
} from '../store/index.ts';
import { type Logs, openLogs } from '../telemetry/index.ts';
import { openTracing, type Tracing } from '../tracing/index.ts';
import type { HearthOptions } from './options.ts';

/** What is there from the first moment. */
export interface Start {
  readonly options: HearthOptions;
  readonly folder: string;
  readonly log: Log;
  readonly clock: WallClock;
  readonly ids: typeof randomIds;
  /** Closes everything, last opened first. */
  readonly closing: AsyncDisposableStack;
}

/** What every part is made with. */
export interface Ground extends Start {
  readonly database: Database;
  readonly logs: Logs;
  readonly tracing: Tracing;
  readonly sessions: SessionCredentials;
  readonly masterKey: Buffer;
}

export function claimFolder(options: HearthOptions, closing: AsyncDisposableStack): Start {
  const folder = resolve(options.dataFolder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = lockDataFolder(folder);
  closing.defer(() => lock.release());
  return {
    options,
    folder,
    log: createLog(options.logLevel),
    clock: new WallClock(),
    ids: randomIds,
    closing,
  };
}

/** As `Promise.all`, but settles when both have, so that what one of them opened is known and can be closed. */
export async function bothOpen<A, B>(one: Promise<A>, other: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([one, other]);
  return Promise.all([one, other]);
}

export async function openStores(start: Start): Promise<Ground> {
  const { options, folder, log, clock, ids, closing } = start;
  if (options.store !== 'sqlite') {
    const claim = await lockDatabase(postgresAddress(options.store), log);
    closing.defer(() => claim.release());
  }
  const [database, { logs, tracing }] = await bothOpen(openMainDatabase(start), openLogDatabase(start));
  const masterKey = Buffer.from(secretFile(join(folder, 'master.key'), 32), 'hex');
  const sessions = new SessionCredentials({ masterKey, clock, ids });
  return { ...start, database, logs, tracing, sessions, masterKey };
}

async function openMainDatabase({ options, folder, clock, closing }: Start): Promise<Database> {
  const { store } = options;
  const location = store === 'sqlite' ? { file: join(folder, 'hearth.db') } : { url: postgresAddress(store) };
  const database = await openDatabase(location, clock);
  closing.defer(() => database.close());
  await applyMigrations(database, [
    ...functionsMigrations,
    ...functionSettingsMigrations,
    ...iamMigrations,
    ...autoscalingMigrations,
    ...accessKeysMigrations,
  ]);
  return database;
}

/**
 * Function logs and traces have a SQLite file of their own, or their own writers in PostgreSQL, so that writing them never holds
 * up what must be on disk first.
 */
async function openLogDatabase(start: Start): Promise<Pick<Ground, 'logs' | 'tracing'>> {
  const { options, folder, clock, closing } = start;
  const { store } = options;
  const location =
    store === 'sqlite' ? { file: join(folder, 'logs.db') } : { url: postgresAddress(store), writers: 'logs' };
  const database = await openDatabase({ ...location, survives: 'process-death' }, clock);
  closing.defer(() => database.close());
  const logs = await openLogs({ ...start, database });
  closing.defer(() => logs.close());
  const tracing = await openTracing({ ...start, database });
  closing.defer(() => tracing.close());
  return { logs, tracing };
}

function postgresAddress(store: string): string {
  if (/^postgres(ql)?:\/\//.test(store)) return store;
  throw new Error(`--store ${store}: neither sqlite nor a postgres:// address`);
}
