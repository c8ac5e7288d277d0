import { awsError, type FunctionVersion, type StateReason } from '../../model/index.ts';
import type { EnvironmentServices } from '../services.ts';
import { Snapshot } from './snapshot.ts';
import { SnapshotFailed } from './snapshot-failed.ts';

/** "Lambda deletes snapshots that were not used for 14 days" (developer guide, SnapStart). */
const UNUSED_MS = 14 * 24 * 3_600_000;
/** Each holds the memory of one Init. */
const MOST_SNAPSHOTS = 100;
const AGAIN = 'SNAPSTART\tInit runs again: the server, or the process that held its state, ended since';

interface SnapshotsOptions {
  readonly services: () => EnvironmentServices;
  /** Nothing was restored of this version for 14 days. */
  readonly onUnused: (version: FunctionVersion) => void;
}

interface Kept {
  readonly snapshot: Promise<Snapshot>;
  readonly abort: AbortController;
}

/** The snapshots of a server, one for each deployment of a version with SnapStart. */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  readonly #kept = new Map<string, Kept>();
  #closed = false;

  constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  /** Takes the snapshot of a version that was published. Gives why there is none; rejects when the server stops first. */
  async take(version: FunctionVersion): Promise<StateReason | undefined> {
    try {
      await (this.#kept.get(version.deploymentId)?.snapshot ?? this.#take(version));
      return undefined;
    } catch (error) {
      if (error instanceof SnapshotFailed) return error.stateReason;
      if (this.#closed) throw error;
      this.#options.services().log.error({ error, name: version.name }, 'a snapshot could not be taken');
      const why = error instanceof Error ? error.message : String(error);
      return { reason: `The snapshot could not be taken: ${why}`, reasonCode: 'InternalError' };
    }
  }

  /** The snapshot that environments of this version start from; taken anew where a restart of the server lost it. */
  async of(version: FunctionVersion): Promise<Snapshot> {
    const snapshot = await (this.#kept.get(version.deploymentId)?.snapshot ?? this.#take(version, AGAIN));
    this.#expireLater(version, snapshot);
    return snapshot;
  }

  /** The version is gone. */
  async discard(deploymentId: string): Promise<void> {
    const kept = this.#kept.get(deploymentId);
    this.#kept.delete(deploymentId);
    kept?.abort.abort();
    await kept?.snapshot.then(
      (snapshot) => snapshot.close(),
      () => undefined,
    );
  }

  /** Every version is gone. */
  async clear(): Promise<void> {
    await Promise.all([...this.#kept.keys()].map((id) => this.discard(id)));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.clear();
  }

  #take(version: FunctionVersion, notice?: string): Promise<Snapshot> {
    const { deploymentId } = version;
    if (this.#closed) return Promise.reject(awsError('ServiceException', 'The server is stopping.'));
    if (this.#kept.size >= MOST_SNAPSHOTS) {
      const reason = `This server keeps ${MOST_SNAPSHOTS} snapshots; delete versions with SnapStart that are not used.`;
      return Promise.reject(new SnapshotFailed({ reason, reasonCode: 'ServiceQuotaExceededException' }));
    }
    const abort = new AbortController();
    const kept = { abort, snapshot: this.#make(version, notice, abort.signal) };
    this.#kept.set(deploymentId, kept);
    const forget = (): void => {
      if (this.#kept.get(deploymentId) === kept) this.#kept.delete(deploymentId);
    };
    kept.snapshot.then((snapshot) => {
      this.#expireLater(version, snapshot);
      void snapshot.lost.then(forget);
    }, forget);
    return kept.snapshot;
  }

  async #make(version: FunctionVersion, notice: string | undefined, signal: AbortSignal): Promise<Snapshot> {
    const services = this.#options.services();
    const { forks, capabilities } = services.sandboxes;
    if (!forks) throw cannotFork(capabilities.cannotFork);
    const prepared = await services.prepare(version);
    const why = notice === undefined ? {} : { notice };
    return Snapshot.take({ version, prepared, services, signal, ...why });
  }

  #expireLater(version: FunctionVersion, snapshot: Snapshot): void {
    snapshot.expireAfter(UNUSED_MS, () => {
      void this.discard(version.deploymentId);
      this.#options.onUnused(version);
    });
  }
}

/** The version comes from a server that could. */
function cannotFork(reason = 'Sandboxes cannot be forked here.'): SnapshotFailed {
  return new SnapshotFailed({ reason, reasonCode: 'InvalidConfiguration' });
}
