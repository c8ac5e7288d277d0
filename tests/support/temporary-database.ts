import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '../../src/base/index.ts';
import { applyMigrations, type Database, type Migration, openDatabase } from '../../src/store/index.ts';
import { databaseLocation } from './database-location.ts';

/** A real database for a folder of its own, gone once it is disposed of. */
export async function temporaryDatabase(
  migrations: readonly Migration[],
): Promise<{ readonly database: Database } & AsyncDisposable> {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-test-'));
  const database = await openDatabase(await databaseLocation(folder), new ManualClock());
  await applyMigrations(database, migrations);
  return {
    database,
    async [Symbol.asyncDispose]() {
      await database.close();
      rmSync(folder, { recursive: true });
    },
  };
}
