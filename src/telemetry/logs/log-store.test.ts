import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { findPostgres, PostgresServer } from '../../../tests/support/postgres-server.ts';
import { logStoreContract } from './log-store.contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'hearth-logs-'));
let made = 0;

afterAll(() => rmSync(folder, { recursive: true }));

logStoreContract('SQLite', async () => ({ file: join(folder, `${++made}.db`), survives: 'process-death' }));

// That it is there on a CI machine is a test of the store's.
const programs = findPostgres();
if (!programs) process.stderr.write('SKIPPED: PostgreSQL is not installed (apt-get install postgresql)\n');

describe.skipIf(!programs)('with a server', () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await PostgresServer.start(programs ?? '');
  });
  afterAll(() => server.stop());

  logStoreContract('PostgreSQL', async () => ({ url: await server.createDatabase() }));
});
