import { LATEST } from '../model/index.ts';
import { type Reader, readVersion, type VersionRecord } from './functions-store.ts';
import { functionNotFound, notReady, updateInProgress, wrongRevision } from './not-found.ts';
import type { FunctionKey } from './settings.ts';

/**
 * `$LATEST`, for a caller that means to change or publish it. Rejects with 404, 409 while it is being made or updated, or
 * 412 where the caller expects another revision.
 */
export async function readChangeable(
  reader: Reader,
  key: FunctionKey,
  revisionId?: string,
): Promise<VersionRecord> {
  const record = await readVersion(reader, key, LATEST);
  if (!record) throw functionNotFound(key);
  const { shown } = record;
  if (shown.state !== 'Active') throw notReady(shown.state);
  if (record.unfinished) throw updateInProgress(key);
  if (revisionId !== undefined && revisionId !== shown.revisionId) throw wrongRevision();
  return record;
}
