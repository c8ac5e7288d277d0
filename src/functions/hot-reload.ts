import { type FSWatcher, realpathSync, statSync, watch } from 'node:fs';
import { isAbsolute, sep } from 'node:path';
import type { CancelTimer, Clock, Ids, Log } from '../base/index.ts';
import { type AwsError, awsError, type FunctionVersion } from '../model/index.ts';

/** The first change of a burst counts at once, the rest once the burst has been over for this long. */
const QUIET_MS = 100;

interface LiveFoldersParts {
  /** Folders of the host under which code may be mounted live; may be reached through links, may be none. */
  readonly roots: readonly string[];
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
}

interface Watched {
  readonly watcher: FSWatcher | undefined;
  readonly version: FunctionVersion;
  liveId: string;
  cancelQuiet?: CancelTimer | undefined;
  again: boolean;
}

/**
 * Folders of the host that functions run from, and what changes in them: each change gives the function a new deployment
 * id, so that the next invocation starts an environment that sees the new files.
 */
export class LiveFolders {
  readonly #parts: LiveFoldersParts;
  readonly #watched = new Map<string, Watched>();
  readonly #listeners: ((version: FunctionVersion, staleId: string) => void)[] = [];

  constructor(parts: LiveFoldersParts) {
    this.#parts = parts;
  }

  /** Called after a change, with the deployment id whose environments are now out of date. */
  onChange(listener: (version: FunctionVersion, staleId: string) => void): void {
    this.#listeners.push(listener);
  }

  /** The real path of a folder that the caller may mount. Throws `InvalidParameterValueException`. */
  admit(request: { readonly hostPath: string; readonly trusted: boolean }): string {
    if (!request.trusted) throw refused('neither a function nor the session of a role may mount a folder');
    return this.realPath(request.hostPath);
  }

  /** Checked again whenever it is mounted: links may have been turned since. */
  realPath(hostPath: string): string {
    const real = isAbsolute(hostPath) ? realFolder(hostPath) : undefined;
    if (real === undefined) throw refused(`S3Key must be the absolute path of a folder, not '${hostPath}'`);
    const roots = this.#parts.roots.map(realFolder);
    if (!roots.some((root) => root !== undefined && isWithin(real, root))) {
      throw refused(`'${hostPath}' is under no folder that Hearth was started with (--hot-reload DIR)`);
    }
    return real;
  }

  /** The version as it runs now: under a deployment id of its own since the last change. */
  present(version: FunctionVersion): FunctionVersion {
    if (version.code.kind !== 'hot-reload') return version;
    let watched = this.#watched.get(version.deploymentId);
    if (!watched) {
      watched = this.#watch(version, version.code.hostPath);
      this.#watched.set(version.deploymentId, watched);
    }
    return { ...version, deploymentId: watched.liveId };
  }

  /** Stops watching for a version that is no more; answers the deployment id that it ran under. */
  forget(version: FunctionVersion): string {
    const watched = this.#watched.get(version.deploymentId);
    this.#watched.delete(version.deploymentId);
    watched?.watcher?.close();
    watched?.cancelQuiet?.();
    return watched?.liveId ?? version.deploymentId;
  }

  close(): void {
    for (const watched of this.#watched.values()) this.forget(watched.version);
  }

  #watch(version: FunctionVersion, hostPath: string): Watched {
    const changed = (): void => this.#changed(version.deploymentId);
    const watcher = this.#startWatcher(hostPath, changed);
    return { watcher, version, liveId: version.deploymentId, again: false };
  }

  #startWatcher(hostPath: string, changed: () => void): FSWatcher | undefined {
    try {
      const watcher = watch(hostPath, { recursive: true, persistent: false }, changed);
      watcher.on('error', (error) =>
        this.#parts.log.warn({ hostPath, error: error.message }, 'watching failed'),
      );
      return watcher;
    } catch (error) {
      this.#parts.log.warn({ hostPath, error: String(error) }, 'cannot watch a hot-reload folder');
      return undefined;
    }
  }

  #changed(deploymentId: string): void {
    const watched = this.#watched.get(deploymentId);
    if (!watched) return;
    if (watched.cancelQuiet) {
      watched.again = true;
      watched.cancelQuiet();
    } else {
      this.#renew(watched);
    }
    watched.cancelQuiet = this.#parts.clock.setTimer(QUIET_MS, () => {
      watched.cancelQuiet = undefined;
      if (watched.again) this.#renew(watched);
    });
  }

  #renew(watched: Watched): void {
    const staleId = watched.liveId;
    watched.again = false;
    watched.liveId = this.#parts.ids.uuid();
    for (const listener of this.#listeners) listener(watched.version, staleId);
  }
}

function realFolder(path: string): string | undefined {
  try {
    const real = realpathSync(path);
    return statSync(real).isDirectory() ? real : undefined;
  } catch {
    return undefined;
  }
}

function isWithin(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

function refused(reason: string): AwsError {
  return awsError('InvalidParameterValueException', `Hot reload refused: ${reason}.`);
}
