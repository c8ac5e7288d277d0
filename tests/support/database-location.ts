import { createHash } from 'node:crypto';
import { join } from 'node:path';
import postgres from 'postgres';
import type { DatabaseLocation } from '../../src/store/index.ts';

/**
 * Where a test that keeps its data in `folder` has its database: a SQLite file there, or, when
 * `HEARTH_TEST_POSTGRES` names a server (as in the `postgres` project of the tests), a database of that server, one for each folder.
 */
export async function databaseLocation(folder: string): Promise<DatabaseLocation> {
  const server = process.env['HEARTH_TEST_POSTGRES'];
  if (server === undefined) return { file: join(folder, 'hearth.db') };
  const name = `test_${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`;
  const admin = postgres(`${server}/postgres`, { max: 1 });
  try {
    const known = await admin`SELECT 1 FROM pg_database WHERE datname = ${name}`;
    if (known.length === 0) await admin.unsafe(`CREATE DATABASE ${name}`);
  } finally {
    await admin.end();
  }
  return { url: `${server}/${name}` };
}
