import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../base/index.ts';
import type { Database } from './database.ts';
import { PostgresDatabase } from './postgres/postgres-database.ts';
import { SqliteDatabase } from './sqlite/sqlite-database.ts';

/**
 * What a commit survives: the loss of power (waits for the disk), or only the death of this process, for data that
 * may be lost with the machine.
 */
type Survives = 'power-loss' | 'process-death';

export type DatabaseLocation =
  | {
      /** Path of a SQLite file; it and its folder are made if absent. */
      readonly file: string;
      /** `power-loss` by default. */
      readonly survives?: Survives;
    }
  | {
      /** `postgres://user:password@host:port/database?sslmode=…`; the database exists, its tables are Hearth's. */
      readonly url: string;
      /** `power-loss` by default. */
      readonly survives?: Survives;
      /**
       * Writers of one name follow one another; those who share no tables may go by different names, so as not to wait
       * for each other. `hearth` by default.
       */
      readonly writers?: string;
    };

/** Opens the database at `location`; rejects with a `DatabaseError` where it cannot be opened. */
export async function openDatabase(location: DatabaseLocation, clock: Clock): Promise<Database> {
  const mayBeLost = location.survives === 'process-death';
  if ('url' in location) {
    const { url, writers = 'hearth' } = location;
    return PostgresDatabase.open({ url, writers, synchronousCommit: mayBeLost ? 'off' : 'on' }, clock);
  }
  mkdirSync(dirname(location.file), { recursive: true, mode: 0o700 });
  makePrivate(location.file);
  const synchronous = mayBeLost ? 'normal' : 'full';
  return SqliteDatabase.open({ file: location.file, synchronous }, clock);
}

/**
 * Variables of functions and their logs are in it: it is its owner's, also in a folder that others may read. A file that
 * is there already is not touched, since closing it would drop the locks that SQLite may hold on it in this process.
 */
function makePrivate(file: string): void {
  if (!existsSync(file)) closeSync(openSync(file, 'ax', 0o600));
}
