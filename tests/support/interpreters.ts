import { homedir } from 'node:os';
import { join } from 'node:path';
import { Interpreters } from '../../src/runtimes/interpreters.ts';
import type { Machine } from '../../src/runtimes/machine.ts';
import { runProgram } from '../../src/sandbox/index.ts';

const root = join(import.meta.dirname, '../..');

/** This machine, with what Hearth itself writes kept in `runtimesDir`. */
export function thisMachine(runtimesDir: string): Machine {
  return {
    runProgram,
    env: process.env,
    home: homedir(),
    ownNode: { path: process.execPath, version: process.versions.node },
    arch: process.arch === 'arm64' ? 'arm64' : 'x64',
    runtimesDir,
    bootstrapsDir: join(root, 'runtimes'),
  };
}

export interface FoundInterpreter {
  /** `python3.12`, `nodejs24`. */
  readonly name: string;
  readonly path: string;
  readonly version: string;
}

export async function foundPythons(runtimesDir: string): Promise<readonly FoundInterpreter[]> {
  const interpreters = new Interpreters(thisMachine(runtimesDir));
  const minors = ['3.8', '3.9', '3.10', '3.11', '3.12', '3.13', '3.14'];
  const found = minors.map(async (minor) => {
    const interpreter = await interpreters.find({ kind: 'python', minor });
    return interpreter ? [{ name: `python${minor}`, ...interpreter }] : [];
  });
  return (await Promise.all(found)).flat();
}

export async function foundNodes(runtimesDir: string): Promise<readonly FoundInterpreter[]> {
  const interpreters = new Interpreters(thisMachine(runtimesDir));
  const found = ['16', '18', '20', '22', '24'].map(async (major) => {
    const interpreter = await interpreters.find({ kind: 'nodejs', major });
    return interpreter ? [{ name: `nodejs${major}`, ...interpreter }] : [];
  });
  return (await Promise.all(found)).flat();
}
