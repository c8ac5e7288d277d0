import type { TestProject } from 'vitest/node';
import { findPostgres, PostgresServer } from './postgres-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly postgres: string;
  }
}

/** One server for all files of the `postgres` project, which make databases of their own in it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await PostgresServer.start(findPostgres() ?? '');
  project.provide('postgres', server.url);
  return () => server.stop();
}
