import { createHash } from 'node:crypto';
import { invariant } from '../base/index.ts';
import {
  type Database,
  DatabaseError,
  type Migration,
  type Statement,
  type Transaction,
} from './database.ts';
import { textOf } from './values.ts';

/**
 * Brings the schema up to date: applies each migration that is not recorded yet, in the order given, all in one
 * transaction, so that two servers starting at once apply each once. Rejects where an applied one was edited.
 */
export async function applyMigrations(database: Database, migrations: readonly Migration[]): Promise<void> {
  requireUniqueIds(migrations);
  if (await areApplied(database, migrations)) return;
  await database.transaction(async (transaction) => {
    // Writers of different names do not wait for each other, and `IF NOT EXISTS` is no protection there.
    if (database.kind === 'postgres') await transaction.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    await transaction.execute(typed(database, createRecord));
    const applied = await appliedMigrations(transaction);
    for (const migration of migrations) {
      const recorded = applied.get(migration.id);
      if (recorded === undefined) await apply(database, transaction, migration);
      else requireUnchanged(migration, recorded);
    }
  });
}

/** Deletes every row of every table that these migrations make; the tables stay. */
export function emptyTables(migrations: readonly Migration[]): readonly Statement[] {
  return migrations
    .flatMap(({ statements }) => statements)
    .flatMap((statement) => /^\s*CREATE TABLE (\w+)/.exec(statement)?.[1] ?? [])
    .map((table) => ({ sql: `DELETE FROM ${table}` }));
}

/** Nearly every start finds that they are, and then needs nobody who writes. */
async function areApplied(database: Database, migrations: readonly Migration[]): Promise<boolean> {
  try {
    const applied = await appliedMigrations(database);
    return migrations.every((migration) => applied.get(migration.id) === checksum(migration));
  } catch {
    // There is no record yet; any other trouble will show again.
    return false;
  }
}

/** Any number that nobody else in a database uses for an advisory lock. */
const LOCK = 4_566_002;

const createRecord = 'CREATE TABLE IF NOT EXISTS migrations (id TEXT PRIMARY KEY, checksum TEXT NOT NULL)';

function requireUniqueIds(migrations: readonly Migration[]): void {
  const ids = migrations.map(({ id }) => id);
  invariant(new Set(ids).size === ids.length, `two migrations have one id: ${ids.join(', ')}`);
}

async function appliedMigrations(reader: Pick<Transaction, 'query'>): Promise<ReadonlyMap<string, string>> {
  const rows = await reader.query('SELECT id, checksum FROM migrations');
  return new Map(rows.map((row) => [textOf(row, 'id'), textOf(row, 'checksum')]));
}

async function apply(database: Database, transaction: Transaction, migration: Migration): Promise<void> {
  for (const statement of migration.statements) await transaction.execute(typed(database, statement));
  await transaction.execute('INSERT INTO migrations (id, checksum) VALUES ($1, $2)', [
    migration.id,
    checksum(migration),
  ]);
}

function requireUnchanged(migration: Migration, recorded: string): void {
  if (recorded === checksum(migration)) return;
  throw new DatabaseError(
    'failed',
    `migration ${migration.id} differs from the one this database was made with`,
  );
}

function checksum(migration: Migration): string {
  return createHash('sha256').update(migration.statements.join(';\n')).digest('hex');
}

/** Byte order for text in both databases: PostgreSQL's default collation would sort and compare by language. */
function typed(database: Database, statement: string): string {
  if (database.kind === 'sqlite') return statement;
  return statement.replaceAll(/\bTEXT\b/g, 'TEXT COLLATE "C"').replaceAll(/\bBLOB\b/g, 'BYTEA');
}
