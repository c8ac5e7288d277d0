import { AwsError, type FunctionVersion, startsFromSnapshot, type StateReason } from '../model/index.ts';
import type { Transaction } from '../store/index.ts';
import {
  codeKeys,
  executeAll,
  readUnfinished,
  readVersion,
  type VersionRecord,
  writeVersion,
} from './functions-store.ts';
import { PullInterrupted } from '../images/index.ts';
import { ensureImage, imageReason } from './image-settings.ts';
import type { FunctionsParts } from './parts.ts';

/** Shown from the answer to a create or update until the version is ready to run (observed of AWS in both cases). */
export const CREATING: StateReason = { reason: 'The function is being created.', reasonCode: 'Creating' };

/**
 * Brings versions from `Pending` to `Active` and updates from `InProgress` to `Successful`, when their code lies extracted
 * and their runtime is there; otherwise to `Failed`, where a failed update leaves the old version running.
 */
export class Transitions {
  readonly #parts: FunctionsParts;
  readonly #running = new Set<Promise<void>>();

  constructor(parts: FunctionsParts) {
    this.#parts = parts;
  }

  /** Starts the transition of a version that was just written, unfinished. */
  begin(version: FunctionVersion): Promise<void> {
    return this.#track(this.#finish(version), version);
  }

  #track(work: Promise<void>, version: FunctionVersion): Promise<void> {
    const running = work
      .catch((error: unknown) => {
        // Stays unfinished in the database; the next start takes it up.
        if (error instanceof PullInterrupted) return;
        this.#parts.log.error({ name: version.name, error: String(error) }, 'could not finish a deployment');
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
    return running;
  }

  /**
   * Takes up what a stop of the server interrupted. Nobody waits for an image, which may take its time, nor for a
   * snapshot, which only a server that is up can take.
   */
  async recover(): Promise<void> {
    const begun = (await readUnfinished(this.#parts.database)).map((version) => ({
      running: this.begin(version),
      isSlow: version.code.kind === 'image' || startsFromSnapshot(version),
    }));
    await Promise.all(begun.filter(({ isSlow }) => !isSlow).map(({ running }) => running));
  }

  /** Resolves once no transition is under way. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #finish(version: FunctionVersion): Promise<void> {
    const failure =
      (await this.#prepare(version).then(
        () => undefined,
        (error: unknown) => reasonOf(error),
      )) ?? (await this.#takeSnapshot(version));
    const before = await this.#parts.database.transaction((transaction) =>
      this.#conclude(transaction, version, failure),
    );
    // Deleted meanwhile: nobody else knows of its snapshot.
    if (!before) await this.#parts.snapshots?.discard(version.deploymentId);
    this.#parts.lookup.invalidate(version);
    this.#parts.collector.schedule(before?.serving ? codeKeys(before.serving) : []);
    if (!failure && before?.serving) this.#parts.lookup.retire(before.serving);
    if (!failure) this.#parts.lookup.ready(version);
    if (failure) this.#parts.log.warn({ name: version.name, ...failure }, 'a deployment failed');
  }

  async #prepare(version: FunctionVersion): Promise<void> {
    if (version.code.kind === 'image') return ensureImage(this.#parts.images, version.code);
    await this.#parts.lookup.directories(version);
    const runtime = await this.#parts.runtimes.describe(version.runtime);
    if (!runtime?.interpreter) throw new MissingRuntime(version.runtime, runtime?.howToAdd);
  }

  async #takeSnapshot(version: FunctionVersion): Promise<StateReason | undefined> {
    return startsFromSnapshot(version) ? this.#parts.snapshots?.take(version) : undefined;
  }

  /** A version with SnapStart that ran for the last time long ago. */
  async deactivate(version: FunctionVersion): Promise<void> {
    await this.#change(version, 'Active', {
      state: 'Inactive',
      stateReason: { reason: 'The function was not invoked for 14 days.', reasonCode: 'Idle' },
    });
  }

  /** The same when it is invoked again: its Init runs once more. */
  reactivate(version: FunctionVersion): void {
    void this.#track(this.#reactivate(version), version);
  }

  async #reactivate(version: FunctionVersion): Promise<void> {
    const restoring = { reason: 'The function is being restored.', reasonCode: 'Restoring' };
    const changed = await this.#change(version, 'Inactive', { state: 'Pending', stateReason: restoring });
    if (changed) void this.begin(changed);
  }

  async #change(
    version: FunctionVersion,
    from: FunctionVersion['state'],
    change: Pick<FunctionVersion, 'state' | 'stateReason'>,
  ): Promise<FunctionVersion | undefined> {
    const { database, ids, lookup } = this.#parts;
    const changed = await database.transaction(async (transaction) => {
      const record = await readVersion(transaction, version, version.version);
      if (record?.shown.deploymentId !== version.deploymentId || record.shown.state !== from)
        return undefined;
      const shown = { ...record.shown, ...change, revisionId: ids.uuid() };
      await executeAll(
        transaction,
        writeVersion({ ...record, shown, unfinished: change.state === 'Pending' }),
      );
      return shown;
    });
    lookup.invalidate(version);
    return changed;
  }

  async #conclude(
    transaction: Transaction,
    version: FunctionVersion,
    failure: StateReason | undefined,
  ): Promise<VersionRecord | undefined> {
    const record = await readVersion(transaction, version, version.version);
    if (!record?.unfinished || record.shown.revisionId !== version.revisionId) return undefined;
    const shown = failure ? failed(record, failure) : succeeded(record.shown);
    const after = {
      shown: { ...shown, revisionId: this.#parts.ids.uuid() },
      unfinished: false,
      fingerprint: record.fingerprint,
    };
    await executeAll(transaction, writeVersion(after));
    return record;
  }
}

function succeeded(version: FunctionVersion): FunctionVersion {
  const { stateReason: _, lastUpdateReason: __, ...rest } = version;
  return { ...rest, state: 'Active', lastUpdateStatus: 'Successful' };
}

function failed(record: VersionRecord, failure: StateReason): FunctionVersion {
  return record.serving
    ? { ...record.serving, lastUpdateStatus: 'Failed', lastUpdateReason: failure }
    : { ...record.shown, state: 'Failed', stateReason: failure };
}

class MissingRuntime extends Error {
  constructor(runtime: string, howToAdd: string | undefined) {
    super(`The runtime ${runtime} is not on this machine.${howToAdd ? ` Add it: ${howToAdd}` : ''}`);
  }
}

function reasonOf(error: unknown): StateReason {
  const ofImage = imageReason(error);
  if (ofImage) return ofImage;
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof MissingRuntime) return { reason, reasonCode: 'InvalidRuntime' };
  return { reason, reasonCode: error instanceof AwsError ? 'InvalidZipFileException' : 'InternalError' };
}
