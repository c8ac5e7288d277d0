import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { findPostgres } from './tests/support/postgres-server.ts';

/** Suites over the store, which run against SQLite with all others and once more against PostgreSQL. */
const storeBacked = [
  'src/functions/crash.test.ts',
  'src/functions/policies/*.test.ts',
  'src/api/lambda/settings.test.ts',
  'src/api/{iam,logs,sts}/*.test.ts',
  'src/provisioning/provisioner.test.ts',
  'src/autoscaling/scheduled-scaling.test.ts',
  'src/edge/keys.test.ts',
  'src/tracing/open-tracing.test.ts',
];

const everything: TestProjectInlineConfiguration = {
  extends: true,
  test: { name: 'all', include: ['{src,tests}/**/*.test.ts'] },
};

const postgres: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: 'postgres',
    include: storeBacked,
    globalSetup: ['tests/support/postgres-global.ts'],
    setupFiles: ['tests/support/postgres-setup.ts'],
  },
};

// That it is there on a CI machine is a test of the store's, which also says so where it is not.
const projects = findPostgres() === undefined ? [everything] : [everything, postgres];

export default defineConfig({
  test: {
    projects,
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    retry: process.env['CI'] ? 1 : 0,
  },
});
