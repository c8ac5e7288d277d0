/**
 * Runs the suites that keep their data in the store once more, on PostgreSQL: `npm run test:postgres [file …]`. The
 * server is a temporary one, gone afterwards.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { findPostgres, PostgresServer } from '../tests/support/postgres-server.ts';

const suites = ['src/functions', 'src/api', 'src/edge', 'src/store/postgres', 'src/telemetry/logs'];

const programs = findPostgres();
if (!programs) {
  console.error('PostgreSQL is not installed: apt-get install postgresql');
  process.exit(1);
}
const server = await PostgresServer.start(programs);
try {
  const chosen = process.argv.length > 2 ? process.argv.slice(2) : suites;
  const env = { ...process.env, HEARTH_TEST_POSTGRES: server.url };
  const [code] = await once(spawn('vitest', ['run', ...chosen], { stdio: 'inherit', env }), 'exit');
  process.exitCode = typeof code === 'number' ? code : 1;
} finally {
  await server.stop();
}
