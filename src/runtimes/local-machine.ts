import { homedir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../sandbox/index.ts';
import type { Machine } from './machine.ts';

/** What runtimes depend on here: interpreters found by the user's environment, and those added to the data folder. */
export function localMachine(env: Machine['env'], dataFolder: string): Machine {
  return {
    runProgram,
    env,
    home: homedir(),
    ownNode: { path: process.execPath, version: process.versions.node },
    arch: process.arch === 'arm64' ? 'arm64' : 'x64',
    runtimesDir: join(dataFolder, 'runtimes'),
    bootstrapsDir: join(import.meta.dirname, '../../runtimes'),
  };
}
