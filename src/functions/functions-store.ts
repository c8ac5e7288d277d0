import { imageKey } from '../images/index.ts';
import { type CodeRef, type FunctionVersion, LATEST, type Scope } from '../model/index.ts';
import type { Database, Row, SqlValue, Statement, Transaction } from '../store/index.ts';
import { mergedKey } from './code/code-store.ts';
import type { FunctionKey } from './settings.ts';

/** Where reads go: the database, or the transaction whose writes depend on them. */
export type Reader = Pick<Database | Transaction, 'query'>;

/** One version as it is kept. */
export interface VersionRecord {
  /** What `GetFunction` shows. */
  readonly shown: FunctionVersion;
  /** What still runs while `shown` is being prepared by an update. */
  readonly serving?: FunctionVersion;
  /** The transition to `Active` or `Successful` is still to come. */
  readonly unfinished: boolean;
  /** Of what a published version was published from; of `$LATEST`, empty. */
  readonly fingerprint: string;
}

const COLUMNS = 'revision_id, body, serving, unfinished, fingerprint';
const OF_FUNCTION = 'account = $1 AND region = $2 AND name = $3';

/** 0 for `$LATEST`, -1 for what names no version that could be. */
export function versionNumber(version: string): number {
  if (version === LATEST) return 0;
  const number = Number(version);
  return number > 0 && Number.isSafeInteger(number) && String(number) === version ? number : -1;
}

function keyParams(key: FunctionKey): [string, string, string] {
  return [key.account, key.region, key.name];
}

/** The version with this name (`$LATEST` or a decimal number). */
export async function readVersion(
  reader: Reader,
  key: FunctionKey,
  version: string,
): Promise<VersionRecord | undefined> {
  const sql = `SELECT ${COLUMNS} FROM function_versions WHERE ${OF_FUNCTION} AND version = $4`;
  const [row] = await reader.query(sql, [...keyParams(key), versionNumber(version)]);
  return row && parseRecord(row);
}

/** The published version with the highest number that is still there. */
export async function readLastPublished(
  reader: Reader,
  key: FunctionKey,
): Promise<VersionRecord | undefined> {
  const sql = `SELECT ${COLUMNS} FROM function_versions WHERE ${OF_FUNCTION} AND version > 0
    ORDER BY version DESC LIMIT 1`;
  const [row] = await reader.query(sql, keyParams(key));
  return row && parseRecord(row);
}

/** Every version; a function may have thousands, so only for what concerns them all. */
export async function readAllVersions(reader: Reader, key: FunctionKey): Promise<readonly VersionRecord[]> {
  const sql = `SELECT ${COLUMNS} FROM function_versions WHERE ${OF_FUNCTION} ORDER BY version`;
  return (await reader.query(sql, keyParams(key))).map(parseRecord);
}

/** Versions after `after`, in ascending order, `$LATEST` first. */
export async function pageVersions(
  reader: Reader,
  key: FunctionKey,
  page: { readonly after?: number | undefined; readonly count: number },
): Promise<readonly FunctionVersion[]> {
  const sql = `SELECT ${COLUMNS} FROM function_versions WHERE ${OF_FUNCTION} AND version > $4
    ORDER BY version LIMIT $5`;
  const rows = await reader.query(sql, [...keyParams(key), page.after ?? -1, page.count]);
  return rows.map((row) => parseRecord(row).shown);
}

/** `$LATEST` of each function whose name comes after `after`, by name. */
export async function pageFunctions(
  reader: Reader,
  scope: Scope,
  page: { readonly after?: string | undefined; readonly count: number },
): Promise<readonly FunctionVersion[]> {
  const sql = `SELECT ${COLUMNS} FROM function_versions
    WHERE version = 0 AND account = $1 AND region = $2 AND name > $3 ORDER BY name LIMIT $4`;
  const rows = await reader.query(sql, [scope.account, scope.region, page.after ?? '', page.count]);
  return rows.map((row) => parseRecord(row).shown);
}

/** Every version of every function, by name and number. */
export async function pageFunctionsAndVersions(
  reader: Reader,
  scope: Scope,
  page: { readonly after?: { name: string; version: number } | undefined; readonly count: number },
): Promise<readonly FunctionVersion[]> {
  const sql = `SELECT ${COLUMNS} FROM function_versions
    WHERE account = $1 AND region = $2 AND (name, version) > ($3, $4) ORDER BY name, version LIMIT $5`;
  const { name, version } = page.after ?? { name: '', version: -1 };
  const rows = await reader.query(sql, [scope.account, scope.region, name, version, page.count]);
  return rows.map((row) => parseRecord(row).shown);
}

/** Versions whose transition a stop of the server interrupted. */
export async function readUnfinished(reader: Reader): Promise<readonly FunctionVersion[]> {
  const rows = await reader.query(`SELECT ${COLUMNS} FROM function_versions WHERE unfinished = 1`);
  return rows.map((row) => parseRecord(row).shown);
}

/** Makes the function; the caller knows that there is none. */
export function insertFunction(key: FunctionKey, lastVersion: number): Statement {
  const sql = 'INSERT INTO functions (account, region, name, last_version) VALUES ($1, $2, $3, $4)';
  return { sql, params: [...keyParams(key), lastVersion] };
}

/** Takes the next version number; numbers are never used again while the function lives. */
export async function nextVersionNumber(transaction: Transaction, key: FunctionKey): Promise<number> {
  const sql = `UPDATE functions SET last_version = last_version + 1 WHERE ${OF_FUNCTION} RETURNING last_version`;
  const [row] = await transaction.query(sql, keyParams(key));
  return Number(row?.['last_version']);
}

/** Writes a version, new or changed, and what code it needs. */
export function writeVersion(record: VersionRecord): readonly Statement[] {
  const { shown, serving } = record;
  const id: readonly SqlValue[] = [...keyParams(shown), versionNumber(shown.version)];
  const body = [
    shown.revisionId,
    record.unfinished ? 1 : 0,
    shown.code.kind === 'archive' ? shown.code.sizeBytes : 0,
    record.fingerprint,
    JSON.stringify(shown),
    serving ? JSON.stringify(serving) : null,
  ];
  const uses = new Set([...codeKeys(shown), ...(serving ? codeKeys(serving) : [])]);
  return [
    {
      sql: `INSERT INTO function_versions (account, region, name, version, revision_id,
          unfinished, code_bytes, fingerprint, body, serving)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (account, region, name, version) DO UPDATE SET revision_id = excluded.revision_id,
          unfinished = excluded.unfinished,
          code_bytes = excluded.code_bytes, fingerprint = excluded.fingerprint, body = excluded.body,
          serving = excluded.serving`,
      params: [...id, ...body],
    },
    deleteUses(id),
    ...[...uses].map((use) => ({
      sql: 'INSERT INTO code_uses (account, region, name, version, code_key) VALUES ($1, $2, $3, $4, $5)',
      params: [...id, use],
    })),
  ];
}

/** Gives `$LATEST` another revision, as tagging does. Its column is the one that counts. */
export function renewRevision(key: FunctionKey, revisionId: string): Statement {
  return {
    sql: `UPDATE function_versions SET revision_id = $4 WHERE ${OF_FUNCTION} AND version = 0`,
    params: [...keyParams(key), revisionId],
  };
}

export function deleteVersionRows(key: FunctionKey, version: number): readonly Statement[] {
  const id = [...keyParams(key), version];
  return [
    { sql: `DELETE FROM function_versions WHERE ${OF_FUNCTION} AND version = $4`, params: id },
    deleteUses(id),
  ];
}

/** Removes the function, its versions and its aliases. */
export function deleteFunctionRows(key: FunctionKey): readonly Statement[] {
  const tables = ['functions', 'function_versions', 'code_uses', 'function_aliases'];
  return tables.map((table) => ({
    sql: `DELETE FROM ${table} WHERE ${OF_FUNCTION}`,
    params: keyParams(key),
  }));
}

/** Runs statements one after another. */
export async function executeAll(transaction: Transaction, statements: readonly Statement[]): Promise<void> {
  for (const { sql, params } of statements) await transaction.execute(sql, params);
}

/** Names of everything that a version has on disk, as `code_uses` and the code store know it. */
export function codeKeys(version: FunctionVersion): readonly string[] {
  const layers = version.layers.map((layer) => layer.sha256Hex);
  return [...ownCodeKeys(version.code), ...layers, ...(layers.length > 1 ? [mergedKey(layers)] : [])];
}

function ownCodeKeys(code: CodeRef): readonly string[] {
  if (code.kind === 'archive') return [code.sha256Hex];
  return code.kind === 'image' ? [imageKey(code)] : [];
}

function deleteUses(id: readonly SqlValue[]): Statement {
  return { sql: `DELETE FROM code_uses WHERE ${OF_FUNCTION} AND version = $4`, params: id };
}

function parseRecord(row: Row): VersionRecord {
  const serving = row['serving'];
  return {
    shown: {
      ...(JSON.parse(String(row['body'])) as FunctionVersion),
      revisionId: String(row['revision_id']),
    },
    ...(serving === null ? {} : { serving: JSON.parse(String(serving)) as FunctionVersion }),
    unfinished: row['unfinished'] === 1,
    fingerprint: String(row['fingerprint']),
  };
}
