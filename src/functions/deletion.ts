import { awsError, LATEST } from '../model/index.ts';
import type { Transaction } from '../store/index.ts';
import { isVersionName, pageAliases, readAlias } from './aliases-store.ts';
import {
  codeKeys,
  deleteFunctionRows,
  deleteVersionRows,
  executeAll,
  readAllVersions,
  readVersion,
  type VersionRecord,
  versionNumber,
} from './functions-store.ts';
import { functionNotFound } from './not-found.ts';
import type { FunctionsParts } from './parts.ts';
import type { FunctionKey } from './settings.ts';

/** Deletes the function with everything that hangs on it. */
export async function deleteFunction(parts: FunctionsParts, key: FunctionKey): Promise<void> {
  const gone = await parts.database.transaction(async (transaction) => {
    const records = await readAllVersions(transaction, key);
    if (records.length === 0) throw functionNotFound(key);
    await executeAll(transaction, [...deleteFunctionRows(key), ...parts.dependents.onDelete(key)]);
    return records;
  });
  parts.dependents.afterDelete(key);
  letGo(parts, key, gone);
}

/** Deletes one published version; one that is not there is no error, as on AWS. */
export async function deleteVersion(
  parts: FunctionsParts,
  key: FunctionKey,
  qualifier: string,
): Promise<void> {
  if (qualifier === LATEST) throw invalid('$LATEST version cannot be deleted without deleting the function.');
  const gone = await parts.database.transaction(async (transaction) => {
    const record = await readDeletable(transaction, key, qualifier);
    if (!record) return undefined;
    const rows = deleteVersionRows(key, versionNumber(qualifier));
    await executeAll(transaction, [...rows, ...parts.dependents.onQualifierDelete(key, qualifier)]);
    return record;
  });
  if (!gone) return;
  parts.dependents.afterDelete(key, qualifier);
  letGo(parts, key, [gone]);
}

async function readDeletable(
  transaction: Transaction,
  key: FunctionKey,
  qualifier: string,
): Promise<VersionRecord | undefined> {
  if (!(await readVersion(transaction, key, LATEST))) throw functionNotFound(key);
  if (!isVersionName(qualifier)) throw await aliasNotDeletable(transaction, key, qualifier);
  const record = await readVersion(transaction, key, qualifier);
  if (record) await refuseReferenced(transaction, key, qualifier);
  return record;
}

function letGo(parts: FunctionsParts, key: FunctionKey, gone: readonly VersionRecord[]): void {
  parts.lookup.invalidate(key);
  for (const record of gone) parts.lookup.retire(record.serving ?? record.shown);
  parts.collector.schedule(
    gone.flatMap(({ shown, serving }) => [shown, ...(serving ? [serving] : [])]).flatMap(codeKeys),
  );
}

async function refuseReferenced(transaction: Transaction, key: FunctionKey, version: string): Promise<void> {
  const aliases = await pageAliases(transaction, key, { version, count: 10 });
  if (aliases.length === 0) return;
  const names = aliases.map(({ name }) => name).join(', ');
  throw awsError(
    'ResourceConflictException',
    `Version ${version} cannot be deleted while it is referenced by these aliases: ${names}`,
  );
}

async function aliasNotDeletable(transaction: Transaction, key: FunctionKey, alias: string): Promise<Error> {
  return (await readAlias(transaction, key, alias))
    ? invalid('Deletion of aliases is not currently supported.')
    : functionNotFound(key);
}

function invalid(message: string): Error {
  return awsError('InvalidParameterValueException', message);
}
