import type { Database, Migration, Row, Statement, Transaction } from '../../store/index.ts';
import type { FunctionKey } from '../settings.ts';
import type { PolicyResource } from './policy-resource.ts';
import { requirePolicyTarget } from './policy-target.ts';

/** A policy as it is kept: the text is what `GetPolicy` answers. */
export interface StoredPolicy {
  readonly document: string;
  readonly revisionId: string;
}

/** What becomes of a policy. */
export interface PolicyChange {
  /** Undefined, in and out: no policy. */
  readonly decide: (current: StoredPolicy | undefined) => StoredPolicy | undefined;
  /** How the operation words that the function is not there; `Function not found: …` by default. */
  readonly noFunction?: ((resource: PolicyResource) => Error) | undefined;
}

export const resourcePolicyMigrations: readonly Migration[] = [
  {
    id: 'functions-0101-resource-policies',
    statements: [
      `CREATE TABLE resource_policies (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        qualifier TEXT NOT NULL,
        document TEXT NOT NULL,
        revision_id TEXT NOT NULL,
        PRIMARY KEY (account, region, kind, name, qualifier)
      )`,
    ],
  },
];

/** The table of resource policies. */
export class ResourcePolicyStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  requireTarget(resource: PolicyResource): Promise<void> {
    return requirePolicyTarget(this.#database, resource);
  }

  find(resource: PolicyResource): Promise<StoredPolicy | undefined> {
    return findPolicy(this.#database, resource);
  }

  /**
   * Reads, decides and writes as one: two callers never lose each other's statement. Throws `ResourceNotFoundException`
   * where the resource itself is not there.
   */
  change(resource: PolicyResource, { decide, noFunction }: PolicyChange): Promise<StoredPolicy | undefined> {
    return this.#database.transaction(async (transaction) => {
      await requirePolicyTarget(transaction, resource, noFunction);
      const next = decide(await findPolicy(transaction, resource));
      const { sql, params } = next === undefined ? removePolicy(resource) : upsert(resource, next);
      await transaction.execute(sql, params);
      return next;
    });
  }
}

const whereResource = 'account = $1 AND region = $2 AND kind = $3 AND name = $4 AND qualifier = $5';

function keyOf({ account, region, kind, name, qualifier }: PolicyResource): readonly string[] {
  return [account, region, kind, name, qualifier];
}

async function findPolicy(
  from: Pick<Transaction, 'query'>,
  resource: PolicyResource,
): Promise<StoredPolicy | undefined> {
  const sql = `SELECT document, revision_id FROM resource_policies WHERE ${whereResource}`;
  const [row] = await from.query(sql, keyOf(resource));
  return row === undefined ? undefined : parseRow(row);
}

function parseRow(row: Row): StoredPolicy {
  return { document: String(row['document']), revisionId: String(row['revision_id']) };
}

function upsert(resource: PolicyResource, policy: StoredPolicy): Required<Statement> {
  return {
    sql: `INSERT INTO resource_policies (account, region, kind, name, qualifier, document, revision_id)
      VALUES ($1, $2, $3, $4, $5, $6, $7)
      ON CONFLICT (account, region, kind, name, qualifier)
      DO UPDATE SET document = excluded.document, revision_id = excluded.revision_id`,
    params: [...keyOf(resource), policy.document, policy.revisionId],
  };
}

/** Removes the policy of one resource, as part of somebody else's transaction. */
export function removePolicy(resource: PolicyResource): Required<Statement> {
  return { sql: `DELETE FROM resource_policies WHERE ${whereResource}`, params: keyOf(resource) };
}

/** Removes the policies of a function and of all its versions and aliases. */
export function removeFunctionPolicies({ account, region, name }: FunctionKey): Statement {
  return {
    sql: `DELETE FROM resource_policies
      WHERE account = $1 AND region = $2 AND kind = 'function' AND name = $3`,
    params: [account, region, name],
  };
}
