import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../base/index.ts';
import type { Database } from './database.ts';
import { PostgresDatabase } from './postgres/postgres-database.ts';
import { SqliteDatabase } from './sqlite/sqlite-database.ts';

export type DatabaseLocation =
  | {
      /** Path of a SQLite file; it and its folder are made if absent. */
      readonly file: string;
      /**
       * What a commit survives: the loss of power (default; waits for the disk), or only the death of the process, for
       * data that may be lost with the machine.
       */
      readonly survives?: 'power-loss' | 'process-death';
    }
  | {
      /** `postgres://user:password@host:port/database?sslmode=…`; the database exists, its tables are Hearth's. */
      readonly url: string;
    };

/** Opens the database at `location`; rejects with a `DatabaseError` where it cannot be opened. */
export async function openDatabase(location: DatabaseLocation, clock: Clock): Promise<Database> {
  if ('url' in location) return PostgresDatabase.open(location.url, clock);
  mkdirSync(dirname(location.file), { recursive: true, mode: 0o700 });
  const synchronous = location.survives === 'process-death' ? 'normal' : 'full';
  return SqliteDatabase.open({ file: location.file, synchronous }, clock);
}
