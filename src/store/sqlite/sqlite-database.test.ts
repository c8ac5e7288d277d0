import { mkdtempSync, rmSync } from 'node:fs';
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

test('calls beyond the limit of waiting ones are refused at once', async () => {
  const database = await openDatabase({ file: newFile() }, new ManualClock());
  const writes = Array.from({ length: 50_001 }, () => database.write([]));
  await expect(writes.at(-1)).rejects.toMatchObject({ code: 'overloaded' });
  await Promise.all(writes.slice(0, -1));
  await database.close();
});
