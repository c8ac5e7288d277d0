import { createHash } from 'node:crypto';
import { chmodSync, chownSync, lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Log } from '../../base/index.ts';
import type { Sandbox, SandboxCapabilities, SandboxFactory, SandboxSpec } from '../sandbox.ts';
import { SandboxError } from '../sandbox-error.ts';
import { loadNativeLibrary } from '../system/native.ts';
import { createPipes, type OutputPipe } from '../system/pipes.ts';
import { SandboxRegistry } from '../system/registry.ts';
import { UserIds } from '../system/user-ids.ts';
import { type Keepsake, launchProcess, type ProcessParts } from './launch.ts';
import { processCapabilities } from './capabilities.ts';
import { Staging } from './staging.ts';
import { sweepProcesses } from './sweep.ts';

export interface ProcessSandboxFactoryOptions {
  /** Folder that belongs to this server alone; its hash names the folder for sandboxes. */
  readonly stateDir: string;
  readonly log: Log;
  readonly clock: Clock;
  /** Default `/tmp`: short, since socket paths may have 103 bytes, and open to every user id. */
  readonly runBase?: string;
}

/** Sandboxes that are plain processes, where nothing better can be had. As root, commands run as nobody's user ids. */
export async function createProcessSandboxFactory(
  options: ProcessSandboxFactoryOptions,
): Promise<SandboxFactory> {
  const { runDir, hash } = prepareRunDir(options);
  const asRoot = process.getuid?.() === 0;
  const mountsDir = makeEnterable(join(runDir, 'mounts'));
  const parts = {
    clock: options.clock,
    sandboxesDir: makeEnterable(join(runDir, 'sandboxes')),
    tmpDirs: makeEnterable(join(runDir, 'tmp')),
    staging: asRoot ? new Staging(mountsDir) : undefined,
    createPipe: await pipesWherePossible(),
  };
  return new ProcessSandboxFactory(parts, {
    runDir,
    log: options.log,
    userIds: asRoot ? new UserIds(hash) : undefined,
  });
}

/** Everybody's folder is a place where another user may lie in wait: ours must be ours. */
function prepareRunDir({ stateDir, runBase = '/tmp' }: ProcessSandboxFactoryOptions): {
  runDir: string;
  hash: string;
} {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const hash = createHash('sha256').update(realpathSync(stateDir)).digest('hex').slice(0, 8);
  const runDir = makeEnterable(join(runBase, `hearth-${hash}`));
  return { runDir, hash };
}

/** Sandboxes' user ids may go through, not look around. */
function makeEnterable(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const stat = lstatSync(folder);
  if (!stat.isDirectory() || stat.uid !== process.getuid?.()) {
    throw new SandboxError(`${folder} belongs to somebody else; remove it`, { fault: 'machine' });
  }
  chmodSync(folder, 0o711);
  return folder;
}

async function pipesWherePossible(): Promise<(() => OutputPipe) | undefined> {
  if (process.platform !== 'linux') return undefined;
  try {
    return createPipes(await loadNativeLibrary());
  } catch {
    return undefined;
  }
}

interface FactoryParts extends ProcessParts {
  /** One folder for each /tmp. */
  readonly tmpDirs: string;
}

class ProcessSandboxFactory implements SandboxFactory {
  readonly capabilities: SandboxCapabilities;
  readonly #runDir: string;
  readonly #log: Log;
  readonly #registry: SandboxRegistry<Keepsake>;
  #closing: Promise<void> | undefined;

  constructor(parts: FactoryParts, { runDir, log, userIds }: FactoryOptions) {
    this.#runDir = runDir;
    this.#log = log;
    this.capabilities = processCapabilities(userIds !== undefined);
    let made = 0;
    this.#registry = new SandboxRegistry({
      make: async () => makeTmp(join(parts.tmpDirs, String(++made)), userIds?.take()),
      launch: (spec, keepsake, onRemoved) => launchProcess(parts, spec, keepsake, onRemoved),
      dispose: async ({ tmpDir, uid }) => {
        if (uid !== undefined) userIds?.release(uid);
        await rm(tmpDir, { recursive: true, force: true });
      },
    });
  }

  start(spec: SandboxSpec): Promise<Sandbox> {
    return this.#registry.start(spec);
  }

  restart(previous: Sandbox, spec: SandboxSpec): Promise<Sandbox> {
    return this.#registry.restart(previous, spec);
  }

  async sweep(): Promise<{ readonly removed: readonly string[] }> {
    return { removed: await sweepProcesses(this.#runDir, this.#log) };
  }

  close(): Promise<void> {
    this.#closing ??= this.#registry.close().then(() => rm(this.#runDir, { recursive: true, force: true }));
    return this.#closing;
  }
}

interface FactoryOptions {
  readonly runDir: string;
  readonly log: Log;
  /** Present where Hearth is root. */
  readonly userIds: UserIds | undefined;
}

function makeTmp(tmpDir: string, uid: number | undefined): Keepsake {
  mkdirSync(tmpDir, { mode: 0o700 });
  if (uid !== undefined) chownSync(tmpDir, uid, uid);
  return { tmpDir, uid };
}
