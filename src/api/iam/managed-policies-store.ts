import { numberOf, prefixEnd, type Row, type Statement, textOf } from '../../store/index.ts';
import type { PageQuery } from './page.ts';
import type { Reader } from './roles-store.ts';
import type { Tags } from './tags.ts';

export interface ManagedPolicy {
  readonly account: string;
  readonly arn: string;
  readonly name: string;
  /** Begins and ends with `/`. */
  readonly path: string;
  /** `ANPA…`. */
  readonly policyId: string;
  readonly description?: string;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly defaultVersion: number;
  /** Numbers are never used again. */
  readonly lastVersion: number;
  readonly tags: Tags;
}

export interface PolicyVersion {
  readonly number: number;
  readonly document: string;
  readonly createdMs: number;
}

function nameKey(name: string): string {
  return name.toLowerCase();
}

export async function findPolicy(
  reader: Reader,
  account: string,
  arn: string,
): Promise<ManagedPolicy | undefined> {
  const [row] = await reader.query('SELECT body FROM iam_policies WHERE account = $1 AND arn = $2', [
    account,
    arn,
  ]);
  return row && parsePolicy(row);
}

export async function policyNameTaken(reader: Reader, account: string, name: string): Promise<boolean> {
  const sql = 'SELECT arn FROM iam_policies WHERE account = $1 AND name_key = $2';
  return (await reader.query(sql, [account, nameKey(name)])).length > 0;
}

export async function countPolicies(reader: Reader, account: string): Promise<number> {
  const [row] = await reader.query('SELECT COUNT(*) AS n FROM iam_policies WHERE account = $1', [account]);
  return row ? numberOf(row, 'n') : 0;
}

/** Policies of the account by name, of one path and below. */
export async function pagePolicies(
  reader: Reader,
  account: string,
  page: PageQuery & { readonly pathPrefix: string },
): Promise<readonly ManagedPolicy[]> {
  const sql = `SELECT body FROM iam_policies
    WHERE account = $1 AND name_key > $2 AND path >= $3 AND path < $4 ORDER BY name_key LIMIT $5`;
  const params = [account, page.after, page.pathPrefix, prefixEnd(page.pathPrefix), page.count];
  return (await reader.query(sql, params)).map(parsePolicy);
}

/** What a page of policies goes on from. */
export function policyMarker(policy: Pick<ManagedPolicy, 'name'>): string {
  return nameKey(policy.name);
}

export function writePolicy(policy: ManagedPolicy): Required<Statement> {
  return {
    sql: `INSERT INTO iam_policies (account, name_key, arn, path, body) VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (account, name_key) DO UPDATE SET body = excluded.body`,
    params: [policy.account, nameKey(policy.name), policy.arn, policy.path, JSON.stringify(policy)],
  };
}

/** Removes the policy and every version of it. */
export function deletePolicy({ account, arn }: ManagedPolicy): readonly Required<Statement>[] {
  return ['iam_policies', 'iam_policy_versions'].map((table) => ({
    sql: `DELETE FROM ${table} WHERE account = $1 AND arn = $2`,
    params: [account, arn],
  }));
}

const versionColumns = 'number, document, created_ms';

export async function findVersion(
  reader: Reader,
  { account, arn }: ManagedPolicy,
  number: number,
): Promise<PolicyVersion | undefined> {
  const sql = `SELECT ${versionColumns} FROM iam_policy_versions WHERE account = $1 AND arn = $2 AND number = $3`;
  const [row] = await reader.query(sql, [account, arn, number]);
  return row && parseVersion(row);
}

/** All versions, newest first: there are never more than five. */
export async function listVersions(
  reader: Reader,
  { account, arn }: ManagedPolicy,
): Promise<readonly PolicyVersion[]> {
  const sql = `SELECT ${versionColumns} FROM iam_policy_versions
    WHERE account = $1 AND arn = $2 ORDER BY number DESC`;
  return (await reader.query(sql, [account, arn])).map(parseVersion);
}

export function insertVersion({ account, arn }: ManagedPolicy, version: PolicyVersion): Required<Statement> {
  return {
    sql: `INSERT INTO iam_policy_versions (account, arn, number, document, created_ms)
      VALUES ($1, $2, $3, $4, $5)`,
    params: [account, arn, version.number, version.document, version.createdMs],
  };
}

export function deleteVersion({ account, arn }: ManagedPolicy, number: number): Required<Statement> {
  const sql = 'DELETE FROM iam_policy_versions WHERE account = $1 AND arn = $2 AND number = $3';
  return { sql, params: [account, arn, number] };
}

function parsePolicy(row: Row): ManagedPolicy {
  return JSON.parse(textOf(row, 'body')) as ManagedPolicy;
}

function parseVersion(row: Row): PolicyVersion {
  return {
    number: numberOf(row, 'number'),
    document: textOf(row, 'document'),
    createdMs: numberOf(row, 'created_ms'),
  };
}
