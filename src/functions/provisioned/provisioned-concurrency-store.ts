import type { FunctionVersion } from '../../model/index.ts';
import {
  type Database,
  type Migration,
  numberOf,
  type Row,
  type Statement,
  textOf,
} from '../../store/index.ts';
import { isVersionName, readAlias } from '../aliases-store.ts';
import { type Reader, readVersion } from '../functions-store.ts';
import type { FunctionKey } from '../settings.ts';
import { ofFunction, ofQualifier, whereFunction, whereQualifier } from './provisioned-sums-store.ts';
import { decideShares, type VersionShare } from './shares.ts';
import { checkProvisioned, requireProvisionable } from './validation.ts';

export const provisionedConcurrencyMigrations: readonly Migration[] = [
  {
    id: 'functions-0105-provisioned-concurrency',
    statements: [
      `CREATE TABLE function_provisioned_concurrency (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        function_name TEXT NOT NULL,
        qualifier TEXT NOT NULL,
        requested INTEGER NOT NULL,
        last_modified_ms BIGINT NOT NULL,
        PRIMARY KEY (account, region, function_name, qualifier)
      )`,
    ],
  },
];

/** How many environments a version or an alias is to have ready. */
export interface ProvisionedConfig {
  readonly qualifier: string;
  readonly requested: number;
  readonly lastModifiedMs: number;
}

/** The same with the versions that it is for: of an alias with weights, two. */
export interface ProvisionedPlan extends ProvisionedConfig {
  readonly shares: readonly { readonly version: FunctionVersion; readonly count: number }[];
}

/**
 * Provisioned concurrency of functions, as it was asked for. Whoever changes it calls `FunctionLookup.invalidate`
 * afterwards.
 */
export class ProvisionedConcurrency {
  readonly #database: Database;
  readonly #accountConcurrency: number;

  constructor(database: Database, accountConcurrency: number) {
    this.#database = database;
    this.#accountConcurrency = accountConcurrency;
  }

  /** Rejects in AWS's words where no such version or alias is there, and for `$LATEST`. */
  requireTarget(key: FunctionKey, qualifier: string): Promise<void> {
    return requireProvisionable(this.#database, key, qualifier);
  }

  async find(key: FunctionKey, qualifier: string): Promise<ProvisionedConfig | undefined> {
    const sql = `SELECT * FROM function_provisioned_concurrency WHERE ${whereQualifier}`;
    const [row] = await this.#database.query(sql, ofQualifier(key, qualifier));
    return row && parseConfig(row);
  }

  /** Up to `count` configurations in the order of their qualifiers, those after `after`. */
  async list(
    key: FunctionKey,
    { after, count }: { readonly after?: string | undefined; readonly count: number },
  ): Promise<readonly ProvisionedConfig[]> {
    const sql = `SELECT * FROM function_provisioned_concurrency
      WHERE ${whereFunction} AND qualifier > $4 ORDER BY qualifier LIMIT $5`;
    return (await this.#database.query(sql, [...ofFunction(key), after ?? '', count])).map(parseConfig);
  }

  /** Rejects in AWS's words where the qualifier cannot have it, or the limits of account or function do not allow it. */
  async put(key: FunctionKey, config: ProvisionedConfig): Promise<void> {
    const { qualifier, requested, lastModifiedMs } = config;
    await this.#database.transaction(async (transaction) => {
      await checkProvisioned(transaction, { key, qualifier, requested, limit: this.#accountConcurrency });
      await transaction.execute(
        `INSERT INTO function_provisioned_concurrency
            (account, region, function_name, qualifier, requested, last_modified_ms)
          VALUES ($1, $2, $3, $4, $5, $6)
          ON CONFLICT (account, region, function_name, qualifier) DO UPDATE
            SET requested = excluded.requested, last_modified_ms = excluded.last_modified_ms`,
        [...ofQualifier(key, qualifier), requested, lastModifiedMs],
      );
    });
  }

  /** Deleting none is no error. */
  async delete(key: FunctionKey, qualifier: string): Promise<void> {
    const sql = `DELETE FROM function_provisioned_concurrency WHERE ${whereQualifier}`;
    await this.#database.write([{ sql, params: ofQualifier(key, qualifier) }]);
  }

  /** Every function that has some, in all accounts and regions. */
  async functions(): Promise<readonly FunctionKey[]> {
    const rows = await this.#database.query(
      'SELECT DISTINCT account, region, function_name FROM function_provisioned_concurrency',
    );
    return rows.map((row) => ({
      account: textOf(row, 'account'),
      region: textOf(row, 'region'),
      name: textOf(row, 'function_name'),
    }));
  }

  /** What is to run for a function, as its versions and aliases are now. */
  async plans(key: FunctionKey): Promise<readonly ProvisionedPlan[]> {
    const sql = `SELECT * FROM function_provisioned_concurrency WHERE ${whereFunction} ORDER BY qualifier`;
    const configs = (await this.#database.query(sql, ofFunction(key))).map(parseConfig);
    return Promise.all(
      configs.map(async (config) => ({ ...config, shares: await sharesOf(this.#database, key, config) })),
    );
  }
}

async function sharesOf(
  reader: Reader,
  key: FunctionKey,
  config: ProvisionedConfig,
): Promise<ProvisionedPlan['shares']> {
  const found = await Promise.all(
    (await versionsOf(reader, key, config)).map(async ({ version, count }) => {
      const record = await readVersion(reader, key, version);
      return record ? [{ version: record.serving ?? record.shown, count }] : [];
    }),
  );
  return found.flat();
}

async function versionsOf(
  reader: Reader,
  key: FunctionKey,
  { qualifier, requested }: ProvisionedConfig,
): Promise<readonly VersionShare[]> {
  if (isVersionName(qualifier)) return [{ version: qualifier, count: requested }];
  const alias = await readAlias(reader, key, qualifier);
  return alias ? decideShares(alias, requested) : [];
}

export function removeProvisionedConcurrency(key: FunctionKey, qualifier?: string): Statement {
  const where = qualifier === undefined ? whereFunction : whereQualifier;
  return {
    sql: `DELETE FROM function_provisioned_concurrency WHERE ${where}`,
    params: qualifier === undefined ? ofFunction(key) : ofQualifier(key, qualifier),
  };
}

function parseConfig(row: Row): ProvisionedConfig {
  return {
    qualifier: textOf(row, 'qualifier'),
    requested: numberOf(row, 'requested'),
    lastModifiedMs: numberOf(row, 'last_modified_ms'),
  };
}
