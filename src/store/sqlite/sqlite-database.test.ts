import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ManualClock } from '../../base/index.ts';
import { databaseContract } from '../database.contract.ts';
import { openDatabase } from '../index.ts';

const folder = mkdtempSync(join(tmpdir(), 'hearth-sqlite-'));
let made = 0;

function newFile(): string {
  return join(folder, `${++made}`, 'hearth.db');
}

afterAll(() => rmSync(folder, { recursive: true }));

databaseContract('SQLite', async () => ({ file: newFile() }));

test('a file that is no database is refused when it is opened', async () => {
  await expect(openDatabase({ file: import.meta.filename }, new ManualClock())).rejects.toThrow(
    /cannot open .*: file is not a database/,
  );
});

test('what it writes is for its owner alone, also in a folder that others may read', async () => {
  const open = join(folder, 'open');
  mkdirSync(open, { mode: 0o755 });
  const database = await openDatabase({ file: join(open, 'hearth.db') }, new ManualClock());
  await database.write([{ sql: 'CREATE TABLE secrets (text TEXT)' }]);
  const files = readdirSync(open);
  expect(files).toContain('hearth.db');
  expect(files.map((name) => (statSync(join(open, name)).mode & 0o077).toString(8))).toEqual(
    files.map(() => '0'),
  );
  await database.close();
});

test('calls beyond the limit of waiting ones are refused at once', async () => {
  const database = await openDatabase({ file: newFile() }, new ManualClock());
  const writes = Array.from({ length: 50_001 }, () => database.write([]));
  await expect(writes.at(-1)).rejects.toMatchObject({ code: 'overloaded' });
  await Promise.all(writes.slice(0, -1));
  await database.close();
});
