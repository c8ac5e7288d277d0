import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPostgres, PostgresServer } from '../../../tests/support/postgres-server.ts';
import { ManualClock } from '../../base/index.ts';
import { databaseContract } from '../database.contract.ts';
import { openDatabase } from '../index.ts';

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
});
