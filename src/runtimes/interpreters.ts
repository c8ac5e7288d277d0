import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RuntimeFamily } from './identifiers.ts';
import { type Candidate, findCandidates, type Language } from './interpreter-paths.ts';
import type { Machine } from './machine.ts';

export interface Interpreter {
  /** The program itself, links resolved. */
  readonly path: string;
  /** `3.12.7`, `22.20.0`, `17.0.15`, `1.8.0_392`. */
  readonly version: string;
  /**
   * The installation to appear at `/var/lang`; absent where it is part of the system that every environment sees
   * anyway.
   */
  readonly prefix?: string;
}

interface ProbedVersion {
  readonly modifiedMs: number;
  readonly version: string;
}

interface Probe {
  readonly flag: string;
  readonly version: RegExp;
}

/** Java before 9 knows no `--version`; what it has instead prints to standard error. */
const probes: Readonly<Record<Language, Probe>> = {
  nodejs: { flag: '--version', version: /^v(\d+\.\d+\.\d+)/ },
  python: { flag: '--version', version: /^Python (\d+\.\d+\.\d+)/ },
  java: { flag: '-version', version: /^\w+ version "(\d[\d._]*)/m },
};

const PROBE_TIMEOUT_MS = 10_000;
const CACHE_FILE = 'interpreters.json';

/** Finds interpreters on this machine. Versions are asked for once per program and remembered in a file. */
export class Interpreters {
  readonly #machine: Machine;
  readonly #cachePath: string;
  readonly #probed: Map<string, ProbedVersion>;
  #writing: Promise<void> = Promise.resolve();

  constructor(machine: Machine) {
    this.#machine = machine;
    this.#cachePath = join(machine.runtimesDir, CACHE_FILE);
    this.#probed = readCache(this.#cachePath);
  }

  /** The newest interpreter of this family; our own Node.js is preferred for its major version. */
  async find(family: RuntimeFamily): Promise<Interpreter | undefined> {
    if (family.kind === 'nodejs') return this.#findNode(family.major);
    if (family.kind === 'java') return this.#findJava(family.major);
    return family.kind === 'python' ? this.#findPython(family.minor) : undefined;
  }

  async #findNode(major: string): Promise<Interpreter | undefined> {
    const { path, version } = this.#machine.ownNode;
    if (version.split('.')[0] === major) return located(path, version);
    return this.#newest('nodejs', findCandidates(this.#machine, 'nodejs'), `${major}.`);
  }

  async #findPython(minor: string): Promise<Interpreter | undefined> {
    return this.#newest('python', findCandidates(this.#machine, 'python', minor), `${minor}.`);
  }

  /** Always at `/var/lang`, where wrapper scripts start it from; the first release of a version is just `25`. */
  async #findJava(major: string): Promise<Interpreter | undefined> {
    const prefix = major === '8' ? '1.8.' : `${major}.`;
    const candidates = findCandidates(this.#machine, 'java').filter(({ path }) => isInJavaHome(path));
    const found = await this.#newest('java', candidates, prefix);
    return found && { ...found, prefix: dirname(dirname(found.path)) };
  }

  async #newest(
    language: Language,
    candidates: readonly Candidate[],
    prefix: string,
  ): Promise<Interpreter | undefined> {
    let best: Interpreter | undefined;
    for (const candidate of candidates) {
      const version = await this.#versionOf(language, candidate);
      if (version === undefined || !`${version}.`.startsWith(prefix)) continue;
      if (best === undefined || isNewer(version, best.version)) best = located(candidate.path, version);
    }
    return best;
  }

  async #versionOf(language: Language, { path, modifiedMs }: Candidate): Promise<string | undefined> {
    const known = this.#probed.get(path);
    if (known?.modifiedMs === modifiedMs) return known.version || undefined;
    const probe = probes[language];
    const command = [path, probe.flag] as const;
    const { stdout, stderr } = await this.#machine.runProgram(command, { timeoutMs: PROBE_TIMEOUT_MS });
    const version = probe.version.exec(language === 'java' ? stderr : stdout)?.[1] ?? '';
    this.#probed.set(path, { modifiedMs, version });
    this.#writing = this.#writing.then(() => this.#writeCache());
    await this.#writing;
    return version || undefined;
  }

  async #writeCache(): Promise<void> {
    await mkdir(dirname(this.#cachePath), { recursive: true });
    const temporary = `${this.#cachePath}.${process.pid}`;
    await writeFile(temporary, JSON.stringify(Object.fromEntries(this.#probed), undefined, 2));
    await rename(temporary, this.#cachePath);
  }
}

/** A cache that cannot be read is an empty one: every entry can be found out again. */
function readCache(path: string): Map<string, ProbedVersion> {
  try {
    const entries: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof entries !== 'object' || entries === null) return new Map();
    return new Map(
      Object.entries(entries).filter((entry): entry is [string, ProbedVersion] => isProbed(entry[1])),
    );
  } catch {
    return new Map();
  }
}

function isProbed(value: unknown): value is ProbedVersion {
  if (typeof value !== 'object' || value === null) return false;
  if (!('version' in value) || !('modifiedMs' in value)) return false;
  return typeof value.version === 'string' && typeof value.modifiedMs === 'number';
}

function located(path: string, version: string): Interpreter {
  if (path.startsWith('/usr/')) return { path, version };
  const prefix = dirname(dirname(path));
  return { path, version, prefix: existsSync(join(prefix, 'bin')) ? prefix : dirname(path) };
}

/** A script named `java`, say in a user's own `bin`, would bring all that lies around it into sandboxes. */
function isInJavaHome(path: string): boolean {
  const home = dirname(dirname(path));
  return ['lib/modules', 'lib/rt.jar', 'jre/lib/rt.jar'].some((name) => existsSync(join(home, name)));
}

function isNewer(version: string, than: string): boolean {
  return version.localeCompare(than, 'en', { numeric: true }) > 0;
}
