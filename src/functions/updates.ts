import type { CodeRef, FunctionVersion } from '../model/index.ts';
import type { Transaction } from '../store/index.ts';
import { readChangeable } from './changeable.ts';
import { type ConfigurationChange, changeConfiguration } from './configuration.ts';
import { pendingRecord } from './creation.ts';
import {
  checkPrograms,
  type CodeSource,
  checkStorage,
  codeBytes,
  codeHashes,
  refuseLivePublish,
  runtimeVersionArn,
  withCode,
} from './deployment.ts';
import { executeAll, nextVersionNumber, readLastPublished, writeVersion } from './functions-store.ts';
import { checkCombinedSize, confirmLayers, type Principal, resolveLayers } from './layer-use.ts';
import { checkPackageType, checkSettings } from './image-settings.ts';
import type { FunctionsParts } from './parts.ts';
import { fingerprintOf, publishedFrom } from './publishing.ts';
import type { FunctionKey } from './settings.ts';
import { requireSnapshots } from './snap-start.ts';
import { CREATING } from './transitions.ts';

export interface CodeUpdate {
  readonly code: CodeSource;
  /** Absent: it stays. */
  readonly architecture?: FunctionVersion['architecture'] | undefined;
  readonly publish: boolean;
  /** Says what would be, and stores nothing. */
  readonly dryRun: boolean;
  readonly revisionId?: string | undefined;
}

export interface ConfigurationUpdate {
  readonly change: ConfigurationChange;
  /** Absent: the layers stay. */
  readonly layerArns?: readonly string[] | undefined;
  readonly revisionId?: string | undefined;
  readonly caller: Principal;
}

/** What an update of the code wrote, to be brought to its end, and what the caller gets to see of it. */
export interface UpdatedCode {
  readonly written: readonly FunctionVersion[];
  readonly shown: FunctionVersion;
}

/**
 * Writes the update of the code, in progress: `$LATEST`, and with `publish` a new version, pending, unless the last one
 * is the same.
 */
export async function updateCode(
  parts: FunctionsParts,
  key: FunctionKey,
  update: CodeUpdate,
): Promise<UpdatedCode> {
  const before = await readChangeable(parts.database, key, update.revisionId);
  checkPackageType(before.shown, update.code.kind);
  if (update.publish) refuseLivePublish(update.code);
  return withCode(parts, update.code, async (code) => {
    await checkCombinedSize(parts.code, codeHashes({ code, layers: before.shown.layers }));
    const after = { ...before.shown, code, ...architectureOf(update) };
    await checkPrograms(parts, after);
    if (update.dryRun) return { written: [], shown: after };
    return parts.database.transaction((transaction) =>
      replaceCode(parts, transaction, { key, code, update }),
    );
  });
}

/** Writes the update of the configuration, in progress. */
export async function updateConfiguration(
  parts: FunctionsParts,
  key: FunctionKey,
  update: ConfigurationUpdate,
): Promise<FunctionVersion> {
  const { change, layerArns, caller, revisionId } = update;
  const { shown: before } = await readChangeable(parts.database, key, revisionId);
  checkSettings(before, change, layerArns);
  const changed = changeConfiguration(before, change, key.name);
  requireSnapshots('UpdateFunctionConfiguration', parts.snapshots, changed);
  parts.fileSystems.admit(key, change.fileSystems, before.code.kind);
  if (change.vpc) parts.vpc.admit(change.vpc);
  const runtimeArn = change.runtime && (await runtimeVersionArn(parts, key, change.runtime));
  const layers = layerArns && (await resolveLayers(parts, key, { arns: layerArns, caller }));
  if (layers) await checkCombinedSize(parts.code, codeHashes({ code: before.code, layers }));
  if (layers ?? change.runtime) {
    const { code, architecture } = before;
    const runtime = change.runtime ?? before.runtime;
    await checkPrograms(parts, { code, architecture, runtime, layers: layers ?? before.layers });
  }
  return parts.database.transaction(async (transaction) => {
    const { shown } = await readChangeable(transaction, key, revisionId);
    checkSettings(shown, change, layerArns);
    if (layers) await confirmLayers(transaction, layers, shown.layers);
    const next = {
      ...changeConfiguration(inProgress(parts, shown), change, key.name),
      ...(layers ? { layers } : {}),
      ...(runtimeArn ? { runtimeVersionArn: runtimeArn } : {}),
    };
    const record = { shown: next, serving: shown, unfinished: true, fingerprint: '' };
    await executeAll(transaction, writeVersion(record));
    return next;
  });
}

interface Replacement {
  readonly key: FunctionKey;
  readonly code: CodeRef;
  readonly update: CodeUpdate;
}

async function replaceCode(
  parts: FunctionsParts,
  transaction: Transaction,
  { key, code, update }: Replacement,
): Promise<UpdatedCode> {
  const { shown } = await readChangeable(transaction, key, update.revisionId);
  checkPackageType(shown, update.code.kind);
  const bytes = codeBytes(code) * (update.publish ? 2 : 1) - codeBytes(shown.code);
  await checkStorage(parts, transaction, { key, bytes });
  const next = { ...inProgress(parts, shown), code, ...architectureOf(update) };
  const record = { shown: next, serving: shown, unfinished: true, fingerprint: '' };
  await executeAll(transaction, writeVersion(record));
  if (!update.publish) return { written: [next], shown: next };
  const last = await readLastPublished(transaction, key);
  if (last?.fingerprint === fingerprintOf(next)) return { written: [next], shown: last.shown };
  const number = await nextVersionNumber(transaction, key);
  const published = publishedFrom(pending(next), { number }, parts.ids);
  await executeAll(transaction, writeVersion(pendingRecord(published, next)));
  return { written: [next, published], shown: published };
}

function architectureOf({ architecture }: CodeUpdate): Partial<Pick<FunctionVersion, 'architecture'>> {
  return architecture === undefined ? {} : { architecture };
}

/** `$LATEST` as it is shown while an update runs. */
function inProgress(parts: FunctionsParts, shown: FunctionVersion): FunctionVersion {
  return {
    ...shown,
    lastUpdateStatus: 'InProgress',
    lastUpdateReason: CREATING,
    revisionId: parts.ids.uuid(),
    deploymentId: parts.ids.uuid(),
    lastModifiedMs: parts.clock.nowMs(),
  };
}

/** A version that is published before it can run. */
export function pending(latest: FunctionVersion): FunctionVersion {
  const { lastUpdateStatus: _status, lastUpdateReason: _reason, ...rest } = latest;
  return { ...rest, state: 'Pending', stateReason: CREATING };
}
