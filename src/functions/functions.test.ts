import { afterAll, beforeAll, describe } from 'vitest';
import { findPostgres, PostgresServer } from '../../tests/support/postgres-server.ts';
import { functionsContract } from './functions.contract.ts';

functionsContract('SQLite', async () => undefined);

// That it is there on a CI machine is a test of the store's.
const programs = findPostgres();
if (!programs) process.stderr.write('SKIPPED: PostgreSQL is not installed (apt-get install postgresql)\n');

describe.skipIf(!programs)('with a server', () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await PostgresServer.start(programs ?? '');
  });
  afterAll(() => server.stop());

  functionsContract('PostgreSQL', async () => ({ url: await server.createDatabase() }));
});
