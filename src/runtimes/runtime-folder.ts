import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Interpreter } from './interpreters.ts';
import type { Machine } from './machine.ts';

type BootstrapKind = 'nodejs' | 'python';

const COMPILE_TIMEOUT_MS = 120_000;

/**
 * The host folder that appears at `/var/runtime`: our bootstrap beside the SDKs that `provisionRuntimeLibraries` puts
 * there. Brought up to date with the shipped files, whole or not at all; running environments keep what they opened.
 */
export async function ensureRuntimeFolder(
  machine: Machine,
  kind: BootstrapKind,
  interpreter: Interpreter,
): Promise<string> {
  const folder = tooOldForLibraries(interpreter)
    ? runtimeFolder(machine, 'python3.8')
    : runtimeFolder(machine, kind);
  const shipped = join(machine.bootstrapsDir, kind);
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(shipped)) {
    if (name !== '__pycache__') await refresh(join(shipped, name), join(folder, name));
  }
  if (kind === 'python') await compileBootstrap(machine, folder, interpreter);
  return folder;
}

export function runtimeFolder(machine: Machine, name: BootstrapKind | 'python3.8'): string {
  return join(machine.runtimesDir, 'var-runtime', name);
}

/** No boto3 of this day runs on it: such a function brings its own, instead of one that fails while it is imported. */
function tooOldForLibraries({ path, version }: Interpreter): boolean {
  return version.startsWith('3.8.') && basename(path).startsWith('python');
}

async function refresh(source: string, target: string): Promise<void> {
  if ((await fingerprint(source)) === (await fingerprint(target))) return;
  const fresh = `${target}.${process.pid}.new`;
  await rm(fresh, { recursive: true, force: true });
  await cp(source, fresh, { recursive: true, filter: (path) => !path.endsWith('__pycache__') });
  await rm(target, { recursive: true, force: true });
  await rename(fresh, target);
}

/** Of a file, or of the sources in a folder. */
async function fingerprint(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    const names = await readdir(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOTDIR') return undefined;
      throw error;
    });
    if (names === undefined) return hash.update(await readFile(path)).digest('hex');
    for (const name of names.filter((name) => name !== '__pycache__').sort()) {
      hash.update(name).update(await readFile(join(path, name)));
    }
    return hash.digest('hex');
  } catch {
    return undefined;
  }
}

/** Inside, the folder is read-only: without bytecode made ahead, every start would compile anew (4 ms). */
async function compileBootstrap(
  machine: Machine,
  folder: string,
  { path, version }: Interpreter,
): Promise<void> {
  const tag = `cpython-${version.split('.').slice(0, 2).join('')}`;
  const sources = join(folder, '_hearth_runtime');
  if (existsSync(join(sources, '__pycache__', `main.${tag}.pyc`))) return;
  await machine.runProgram([path, '-I', '-m', 'compileall', '-q', sources], {
    timeoutMs: COMPILE_TIMEOUT_MS,
  });
}
