import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { awsError, type FunctionVersion } from '../model/index.ts';
import { familyOf, type RuntimeFamily, runnableIdentifiers } from './identifiers.ts';
import { type Interpreter, Interpreters } from './interpreters.ts';
import { clientFolder, clientMissing } from './java/interface-client.ts';
import { howToInstallJava } from './java/add-java.ts';
import { ensureSharedArchive } from './java/shared-archive.ts';
import type { DebugLaunch, LaunchPlan, RuntimeCatalog, RuntimeDescription } from './launch.ts';
import { type PreparedRuntime, planCustomRuntime, planJava, planNode, planPython } from './launch-plans.ts';
import type { Machine } from './machine.ts';
import { ensureRuntimeFolder } from './runtime-folder.ts';

type Languages = Extract<RuntimeFamily, { kind: 'nodejs' | 'python' | 'java' }>;

/** The runtimes that this machine can start. */
export class MachineRuntimes implements RuntimeCatalog {
  readonly #machine: Machine;
  readonly #interpreters: Interpreters;
  /** What is found stays found: every new environment asks again. */
  readonly #ready = new Map<string, Promise<PreparedRuntime>>();
  /** One at a time: versions of one language share a folder. */
  #assembling: Promise<unknown> = Promise.resolve();

  constructor(machine: Machine) {
    this.#machine = machine;
    this.#interpreters = new Interpreters(machine);
  }

  async list(): Promise<readonly RuntimeDescription[]> {
    const descriptions: RuntimeDescription[] = [];
    for (const identifier of runnableIdentifiers) {
      const description = await this.describe(identifier);
      if (description) descriptions.push(description);
    }
    return descriptions;
  }

  async describe(identifier: string): Promise<RuntimeDescription | undefined> {
    const family = familyOf(identifier);
    if (family === undefined) return undefined;
    if (family.kind === 'provided') {
      const interpreter = { path: 'bootstrap', version: family.system };
      return { identifier, interpreter, versionArnHash: hashOf(identifier, family.system) };
    }
    const interpreter = await this.#interpreters.find(family);
    return {
      identifier,
      versionArnHash: hashOf(identifier, interpreter?.version ?? ''),
      ...(interpreter && this.#isWhole(family)
        ? { interpreter: { path: interpreter.path, version: interpreter.version } }
        : howToAdd(identifier, family, interpreter)),
    };
  }

  async plan(version: FunctionVersion, debug?: DebugLaunch): Promise<LaunchPlan> {
    const family = familyOf(version.runtime);
    if (family?.kind === 'provided') return planCustomRuntime(version, family);
    if (family === undefined || family.kind === 'absent') throw missing(version.runtime, family);
    const prepared = { ...(await this.#prepare(version.runtime, family)), ...(debug ? { debug } : {}) };
    if (family.kind === 'nodejs') return planNode(version, family, prepared);
    if (family.kind === 'python') return planPython(version, family, prepared);
    return planJava(version, family, { ...prepared, arch: this.#machine.arch });
  }

  /** Our own bootstraps ship with Hearth; AWS's client for Java is fetched. */
  #isWhole(family: RuntimeFamily): boolean {
    return family.kind !== 'java' || !clientMissing(this.#machine);
  }

  async #prepare(identifier: string, family: Languages): Promise<PreparedRuntime> {
    const known = await this.#ready.get(identifier);
    if (known && existsSync(known.interpreter.path)) return known;
    const preparing = this.#assembling.then(() => this.#find(identifier, family));
    this.#assembling = preparing.catch(() => undefined);
    this.#ready.set(identifier, preparing);
    preparing.catch(() => this.#ready.delete(identifier));
    return preparing;
  }

  async #find(identifier: string, family: Languages): Promise<PreparedRuntime> {
    const interpreter = await this.#interpreters.find(family);
    if (!interpreter || !this.#isWhole(family)) throw missing(identifier, family, interpreter);
    if (family.kind === 'java') {
      const sharedArchive = await ensureSharedArchive(this.#machine, interpreter);
      return { interpreter, runtimeDir: clientFolder(this.#machine), sharedArchive };
    }
    const runtimeDir = await ensureRuntimeFolder(this.#machine, family.kind, interpreter);
    return { interpreter, runtimeDir };
  }
}

function hashOf(identifier: string, version: string): string {
  return createHash('sha256').update(`${identifier}\0${version}`).digest('hex');
}

function howToAdd(
  identifier: string,
  family: RuntimeFamily,
  interpreter: Interpreter | undefined,
): { howToAdd?: string } {
  if (family.kind === 'absent') return {};
  const command = `hearth runtimes add ${identifier}`;
  const needsJava = family.kind === 'java' && interpreter === undefined;
  return { howToAdd: needsJava ? `${howToInstallJava(family.major)}, then ${command}` : command };
}

function missing(
  identifier: string,
  family: RuntimeFamily | undefined,
  interpreter?: Interpreter | undefined,
): Error {
  if (family?.kind === 'absent') {
    return awsError(
      'InvalidRuntimeException',
      `Hearth does not run ${family.language} functions (${identifier}).`,
    );
  }
  const how = family ? ` Add it: ${howToAdd(identifier, family, interpreter).howToAdd}` : '';
  return awsError(
    'InvalidRuntimeException',
    `The runtime ${identifier} is not available on this machine.${how}`,
  );
}
