import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPostgres, PostgresServer } from '../../../tests/support/postgres-server.ts';
import { createLog, ManualClock } from '../../base/index.ts';
import { databaseContract } from '../database.contract.ts';
import { applyMigrations, lockDatabase, openDatabase } from '../index.ts';

const programs = findPostgres();
if (!programs) process.stderr.write('SKIPPED: PostgreSQL is not installed (apt-get install postgresql)\n');

test('PostgreSQL is there on a CI machine', () => {
  expect(programs !== undefined || process.env['CI'] !== 'true').toBe(true);
});

describe.skipIf(!programs)('with a server', () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await PostgresServer.start(programs ?? '');
  });
  afterAll(() => server.stop());

  databaseContract('PostgreSQL', async () => ({ url: await server.createDatabase() }));

  test('a server that is not there is refused when the database is opened', async () => {
    await expect(
      openDatabase({ url: 'postgres://hearth@127.0.0.1:1/x' }, new ManualClock()),
    ).rejects.toMatchObject({
      name: 'DatabaseError',
      code: 'failed',
    });
  });

  test('migrations of writers that do not wait for each other apply side by side', async () => {
    for (let round = 0; round < 5; round++) {
      const url = await server.createDatabase();
      const names = ['one', 'two', 'three'];
      const opened = await Promise.all(
        names.map((writers) => openDatabase({ url, writers }, new ManualClock())),
      );
      await Promise.all(
        opened.map((database, at) =>
          applyMigrations(database, [
            { id: `test-${names[at]}`, statements: [`CREATE TABLE ${names[at]} (x BIGINT)`] },
          ]),
        ),
      );
      await Promise.all(opened.map((database) => database.close()));
    }
  });

  test('a database that another server has is refused until that server lets go of it', async () => {
    const url = await server.createDatabase();
    const first = await lockDatabase(url, createLog('silent'));
    await expect(lockDatabase(url, createLog('silent'))).rejects.toThrow(
      'another Hearth server uses this database',
    );
    await first.release();
    await (await lockDatabase(url, createLog('silent'))).release();
  });

  test('a claim whose connection broke is made again', async () => {
    const url = await server.createDatabase();
    const lock = await lockDatabase(url, createLog('silent'));
    const admin = postgres(url, { max: 1 });
    const holders = () => admin`SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted`;
    const [before] = await holders();
    await admin`SELECT pg_terminate_backend(${before?.['pid']})`;
    for (;;) {
      const [now] = await holders();
      if (now && now['pid'] !== before?.['pid']) break;
    }
    await lock.release();
    await admin.end();
  });
});
