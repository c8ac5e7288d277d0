import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { familyOf } from './identifiers.ts';
import { Interpreters } from './interpreters.ts';
import { addJava } from './java/add-java.ts';
import { CannotAddRuntime } from './cannot-add-runtime.ts';
import { type LibraryReport, type OnFetch, provisionRuntimeLibraries } from './libraries.ts';
import { definedOnly, type Machine } from './machine.ts';

export interface AddedRuntime {
  readonly identifier: string;
  readonly path: string;
  readonly version: string;
  readonly libraries: readonly LibraryReport[];
}

const WAY_ROUND =
  'Deploy it on provided.al2023, with a bootstrap that brings the language: docs/runtimes.md tells how.';
const FETCH_TIMEOUT_MS = 600_000;

/**
 * Makes an interpreter of this runtime available, and the SDKs that belong to it: Node.js from npm into Hearth's own
 * folder, Python through `uv`; for Java, AWS's client for the JDK that is there. Rejects with `CannotAddRuntime`.
 */
export async function addRuntime(
  machine: Machine,
  identifier: string,
  onFetch: OnFetch = () => undefined,
): Promise<AddedRuntime> {
  const family = familyOf(identifier);
  if (family === undefined) throw new CannotAddRuntime(`AWS Lambda has no runtime ${identifier}.`);
  if (family.kind === 'absent')
    throw new CannotAddRuntime(`Hearth does not run ${family.language} functions. ${WAY_ROUND}`);
  if (family.kind === 'provided') {
    throw new CannotAddRuntime(`${identifier} needs nothing: the function brings its own bootstrap.`);
  }
  if (family.kind === 'java') {
    const { path, version } = await addJava(machine, family.major, onFetch);
    return { identifier, path, version, libraries: [] };
  }
  const present = await new Interpreters(machine).find(family);
  if (!present) {
    onFetch(family.kind === 'nodejs' ? `Node.js ${family.major} from npm` : `Python ${family.minor} by uv`);
    await (family.kind === 'nodejs' ? fetchNode(machine, family.major) : fetchPython(machine, family.minor));
  }
  const found = present ?? (await new Interpreters(machine).find(family));
  if (!found) throw new CannotAddRuntime(`${identifier} was installed, but its interpreter cannot be found.`);
  const libraries = await provisionRuntimeLibraries(machine, [family.kind], onFetch);
  return { identifier, path: found.path, version: found.version, libraries };
}

async function fetchNode(machine: Machine, major: string): Promise<void> {
  const folder = join(machine.runtimesDir, 'nodejs', major);
  const staging = `${folder}.${process.pid}.new`;
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  await writeFile(join(staging, 'package.json'), '{"private":true}');
  const name = `node-${process.platform}-${machine.arch}@${major}`;
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock'];
  const outcome = await machine.runProgram(['npm', 'install', ...flags, name], {
    env: definedOnly(machine.env),
    cwd: staging,
    timeoutMs: FETCH_TIMEOUT_MS,
  });
  if (outcome.exitCode !== 0) {
    await rm(staging, { recursive: true, force: true });
    throw new CannotAddRuntime(
      `npm could not install ${name}: ${outcome.stderr.trim() || 'npm was not found'}`,
    );
  }
  await rm(folder, { recursive: true, force: true });
  await rename(staging, folder);
}

async function fetchPython(machine: Machine, minor: string): Promise<void> {
  const command = [
    'uv',
    'python',
    'install',
    '--install-dir',
    join(machine.runtimesDir, 'python'),
    minor,
  ] as const;
  const outcome = await machine.runProgram(command, {
    env: definedOnly(machine.env),
    timeoutMs: FETCH_TIMEOUT_MS,
  });
  if (outcome.exitCode === 0) return;
  const reason = outcome.exitCode === undefined ? 'uv is not installed' : outcome.stderr.trim();
  throw new CannotAddRuntime(
    `Python ${minor} could not be fetched: ${reason}. Install it with uv (https://docs.astral.sh/uv), pyenv ` +
      `(pyenv install ${minor}), mise, asdf or the system's packages; Hearth finds it there.`,
  );
}
