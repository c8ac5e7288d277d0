import {
  type Database,
  numberOf,
  prefixEnd,
  type Row,
  type Statement,
  type Transaction,
  textOf,
} from '../../store/index.ts';
import type { PageQuery } from './page.ts';
import type { Tags } from './tags.ts';

/** Where reads go: the database, or the transaction whose writes depend on them. */
export type Reader = Pick<Database | Transaction, 'query'>;

export interface Role {
  readonly account: string;
  readonly name: string;
  /** Begins and ends with `/`. */
  readonly path: string;
  /** `AROA…`. */
  readonly roleId: string;
  readonly createdMs: number;
  /** The document as it was given. */
  readonly trustPolicy: string;
  readonly description?: string;
  readonly maxSessionSeconds: number;
  readonly permissionsBoundary?: string;
  readonly tags: Tags;
}

/** Names of IAM differ by more than case. */
function nameKey(name: string): string {
  return name.toLowerCase();
}

const ofRole = 'account = $1 AND role_key = $2';

export async function findRole(reader: Reader, account: string, name: string): Promise<Role | undefined> {
  const sql = 'SELECT body FROM iam_roles WHERE account = $1 AND name_key = $2';
  const [row] = await reader.query(sql, [account, nameKey(name)]);
  return row && parseRole(row);
}

export async function countRoles(reader: Reader, account: string): Promise<number> {
  const [row] = await reader.query('SELECT COUNT(*) AS n FROM iam_roles WHERE account = $1', [account]);
  return row ? numberOf(row, 'n') : 0;
}

/** Roles by name, of one path and below. */
export async function pageRoles(
  reader: Reader,
  account: string,
  page: PageQuery & { readonly pathPrefix: string },
): Promise<readonly Role[]> {
  const sql = `SELECT body FROM iam_roles
    WHERE account = $1 AND name_key > $2 AND path >= $3 AND path < $4 ORDER BY name_key LIMIT $5`;
  const params = [account, page.after, page.pathPrefix, prefixEnd(page.pathPrefix), page.count];
  return (await reader.query(sql, params)).map(parseRole);
}

/** What a page of roles goes on from. */
export function roleMarker(role: Role): string {
  return nameKey(role.name);
}

export function writeRole(role: Role): Required<Statement> {
  return {
    sql: `INSERT INTO iam_roles (account, name_key, path, body) VALUES ($1, $2, $3, $4)
      ON CONFLICT (account, name_key) DO UPDATE SET path = excluded.path, body = excluded.body`,
    params: [role.account, nameKey(role.name), role.path, JSON.stringify(role)],
  };
}

export function deleteRole({ account, name }: Role): Required<Statement> {
  const sql = 'DELETE FROM iam_roles WHERE account = $1 AND name_key = $2';
  return { sql, params: [account, nameKey(name)] };
}

/** An inline policy. */
export interface RolePolicy {
  readonly policyName: string;
  readonly document: string;
}

export async function findRolePolicy(
  reader: Reader,
  { account, name }: Role,
  policyName: string,
): Promise<RolePolicy | undefined> {
  const sql = `SELECT policy_name, document FROM iam_role_policies WHERE ${ofRole} AND policy_name = $3`;
  const [row] = await reader.query(sql, [account, nameKey(name), policyName]);
  return row && parseRolePolicy(row);
}

export async function pageRolePolicies(
  reader: Reader,
  { account, name }: Role,
  { after, count }: PageQuery,
): Promise<readonly RolePolicy[]> {
  const sql = `SELECT policy_name, document FROM iam_role_policies
    WHERE ${ofRole} AND policy_name > $3 ORDER BY policy_name LIMIT $4`;
  return (await reader.query(sql, [account, nameKey(name), after, count])).map(parseRolePolicy);
}

export function writeRolePolicy({ account, name }: Role, policy: RolePolicy): Required<Statement> {
  return {
    sql: `INSERT INTO iam_role_policies (account, role_key, policy_name, document) VALUES ($1, $2, $3, $4)
      ON CONFLICT (account, role_key, policy_name) DO UPDATE SET document = excluded.document`,
    params: [account, nameKey(name), policy.policyName, policy.document],
  };
}

export function deleteRolePolicy({ account, name }: Role, policyName: string): Required<Statement> {
  const sql = `DELETE FROM iam_role_policies WHERE ${ofRole} AND policy_name = $3`;
  return { sql, params: [account, nameKey(name), policyName] };
}

/** ARNs of the managed policies attached to a role, in their order. */
export async function pageAttachments(
  reader: Reader,
  { account, name }: Role,
  { after, count }: PageQuery,
): Promise<readonly string[]> {
  const sql = `SELECT policy_arn FROM iam_role_attachments
    WHERE ${ofRole} AND policy_arn > $3 ORDER BY policy_arn LIMIT $4`;
  const rows = await reader.query(sql, [account, nameKey(name), after, count]);
  return rows.map((row) => textOf(row, 'policy_arn'));
}

/** Attaching what is attached changes nothing, as on AWS. */
export function insertAttachment({ account, name }: Role, policyArn: string): Required<Statement> {
  return {
    sql: `INSERT INTO iam_role_attachments (account, role_key, policy_arn) VALUES ($1, $2, $3)
      ON CONFLICT (account, role_key, policy_arn) DO NOTHING`,
    params: [account, nameKey(name), policyArn],
  };
}

export function deleteAttachment({ account, name }: Role, policyArn: string): Required<Statement> {
  const sql = `DELETE FROM iam_role_attachments WHERE ${ofRole} AND policy_arn = $3`;
  return { sql, params: [account, nameKey(name), policyArn] };
}

/** Roles that a managed policy is attached to, by name. */
export async function pageRolesOfPolicy(
  reader: Reader,
  account: string,
  page: PageQuery & { readonly policyArn: string },
): Promise<readonly Role[]> {
  const sql = `SELECT r.body AS body FROM iam_role_attachments a
    JOIN iam_roles r ON r.account = a.account AND r.name_key = a.role_key
    WHERE a.account = $1 AND a.policy_arn = $2 AND a.role_key > $3 ORDER BY a.role_key LIMIT $4`;
  return (await reader.query(sql, [account, page.policyArn, page.after, page.count])).map(parseRole);
}

export async function countAttachments(reader: Reader, account: string, policyArn: string): Promise<number> {
  const sql = 'SELECT COUNT(*) AS n FROM iam_role_attachments WHERE account = $1 AND policy_arn = $2';
  const [row] = await reader.query(sql, [account, policyArn]);
  return row ? numberOf(row, 'n') : 0;
}

function parseRole(row: Row): Role {
  return JSON.parse(textOf(row, 'body')) as Role;
}

function parseRolePolicy(row: Row): RolePolicy {
  return { policyName: textOf(row, 'policy_name'), document: textOf(row, 'document') };
}
