import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FunctionVersion } from '../model/index.ts';
import { familyOf, type RuntimeFamily } from './identifiers.ts';
import type { DebugLaunch, LaunchPlan, RuntimeCatalog } from './launch.ts';
import { installPythonPackages } from './libraries.ts';
import type { Machine } from './machine.ts';

/** How a debugger talks to a runtime. */
export interface DebugProtocol {
  /** The Node.js inspector (Chrome DevTools protocol), or debugpy (Debug Adapter Protocol). */
  readonly name: 'inspector' | 'debugpy';
  /** Where its clients look unless they are told otherwise. */
  readonly usualPort: number;
}

/** A pure Python wheel, one for every version: it traces more slowly than the compiled ones, fast enough for a person. */
const DEBUGPY = 'debugpy==1.8.21';
const DEBUGPY_TARGET = '/var/debugger';

/** Why a debugger could not be provided; the message is for the user. */
export class CannotProvideDebugger extends Error {
  override readonly name = 'CannotProvideDebugger';
}

/** Launches runtimes so that they wait for a debugger. */
export class RuntimeDebuggers {
  readonly #machine: Machine;
  readonly #catalog: RuntimeCatalog;

  constructor(machine: Machine, catalog: RuntimeCatalog) {
    this.#machine = machine;
    this.#catalog = catalog;
  }

  /** Undefined for runtimes that Hearth knows no debugger of: `provided.*` brings its own, if any. */
  protocolOf(identifier: string): DebugProtocol | undefined {
    const kind = familyOf(identifier)?.kind;
    if (kind === 'nodejs') return { name: 'inspector', usualPort: 9229 };
    return kind === 'python' ? { name: 'debugpy', usualPort: 5678 } : undefined;
  }

  /** Whether `plan` will fetch the debugger first, which takes seconds. */
  mustFetch(identifier: string): boolean {
    return this.protocolOf(identifier)?.name === 'debugpy' && debugpyMissing(this.#machine);
  }

  /** Waits for a debugger at `port` of the environment's own 127.0.0.1. Rejects with `CannotProvideDebugger`. */
  async plan(version: FunctionVersion, port: number): Promise<LaunchPlan> {
    const isPython = this.protocolOf(version.runtime)?.name === 'debugpy';
    const mounts = isPython
      ? [{ source: (await provisionDebugpy(this.#machine)).path, target: DEBUGPY_TARGET }]
      : [];
    return this.#catalog.plan(version, { port, mounts });
  }
}

/** Fetches debugpy from PyPI where it is not there yet. Rejects with `CannotProvideDebugger`. */
export async function provisionDebugpy(machine: Machine): Promise<{ readonly path: string }> {
  const folder = debugpyFolder(machine);
  if (!debugpyMissing(machine)) return { path: folder };
  const staging = `${folder}.${process.pid}.new`;
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  try {
    const failure = await installPythonPackages(machine, staging, [DEBUGPY]);
    if (failure !== undefined) throw new CannotProvideDebugger(failure);
    await rm(folder, { recursive: true, force: true });
    await rename(staging, folder);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return { path: folder };
}

function debugpyMissing(machine: Machine): boolean {
  return !existsSync(join(debugpyFolder(machine), 'debugpy'));
}

function debugpyFolder(machine: Machine): string {
  return join(machine.runtimesDir, DEBUGPY.replace('==', '-'));
}

/** For our own bootstraps, which take them away before the function's code runs. */
export function debugVariables(
  family: RuntimeFamily,
  debug: DebugLaunch,
  inside: (target: string) => string,
): Readonly<Record<string, string>> {
  const port = { HEARTH_DEBUG_PORT: String(debug.port) };
  return family.kind === 'python' ? { ...port, HEARTH_DEBUGGER_DIR: inside(DEBUGPY_TARGET) } : port;
}
