import { LATEST } from '../model/index.ts';
import type { Row, Statement } from '../store/index.ts';
import { type Reader, versionNumber } from './functions-store.ts';
import type { FunctionKey } from './settings.ts';

/** A second version that takes a share of the invocations. */
export interface AliasRouting {
  /** Decimal number. */
  readonly version: string;
  /** 0 to 1. */
  readonly weight: number;
}

export interface Alias {
  readonly name: string;
  /** `$LATEST` or a decimal number. */
  readonly version: string;
  readonly routing?: AliasRouting;
  readonly description: string;
  readonly revisionId: string;
}

const OF_FUNCTION = 'account = $1 AND region = $2 AND name = $3';

function keyParams(key: FunctionKey): [string, string, string] {
  return [key.account, key.region, key.name];
}

export async function readAlias(reader: Reader, key: FunctionKey, alias: string): Promise<Alias | undefined> {
  const sql = `SELECT body FROM function_aliases WHERE ${OF_FUNCTION} AND alias = $4`;
  const [row] = await reader.query(sql, [...keyParams(key), alias]);
  return row && parseAlias(row);
}

/** Aliases by name after `after`; with `version`, only those that point to it (its weight included). */
export async function pageAliases(
  reader: Reader,
  key: FunctionKey,
  page: {
    readonly after?: string | undefined;
    readonly count: number;
    readonly version?: string | undefined;
  },
): Promise<readonly Alias[]> {
  const params = [...keyParams(key), page.after ?? '', page.count];
  const only = page.version === undefined ? '' : 'AND (version = $6 OR other_version = $6)';
  const sql = `SELECT body FROM function_aliases WHERE ${OF_FUNCTION} AND alias > $4 ${only} ORDER BY alias LIMIT $5`;
  const rows = await reader.query(
    sql,
    page.version === undefined ? params : [...params, versionNumber(page.version)],
  );
  return rows.map(parseAlias);
}

export function writeAlias(key: FunctionKey, alias: Alias): Statement {
  return {
    sql: `INSERT INTO function_aliases (account, region, name, alias, version, other_version, body)
      VALUES ($1, $2, $3, $4, $5, $6, $7)
      ON CONFLICT (account, region, name, alias) DO UPDATE SET version = excluded.version,
        other_version = excluded.other_version, body = excluded.body`,
    params: [
      ...keyParams(key),
      alias.name,
      versionNumber(alias.version),
      alias.routing ? versionNumber(alias.routing.version) : null,
      JSON.stringify(alias),
    ],
  };
}

export function deleteAlias(key: FunctionKey, alias: string): Statement {
  return {
    sql: `DELETE FROM function_aliases WHERE ${OF_FUNCTION} AND alias = $4`,
    params: [...keyParams(key), alias],
  };
}

/** Whether a qualifier names a version rather than an alias. */
export function isVersionName(qualifier: string): boolean {
  return qualifier === LATEST || /^\d+$/.test(qualifier);
}

function parseAlias(row: Row): Alias {
  return JSON.parse(String(row['body'])) as Alias;
}
