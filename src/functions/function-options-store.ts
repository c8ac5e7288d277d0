import {
  type Database,
  type Migration,
  optional,
  type Row,
  type SqlValue,
  type Statement,
  textOf,
} from '../store/index.ts';
import { functionNotFound } from './not-found.ts';
import { functionExists, qualifierExists } from './qualified-target.ts';
import type { FunctionKey } from './settings.ts';

/** When a function moves to a new version of its runtime. */
export interface RuntimeManagement {
  readonly updateRuntimeOn: 'Auto' | 'FunctionUpdate' | 'Manual';
  /** Only with `Manual`. */
  readonly runtimeVersionArn?: string;
}

export type RecursiveLoop = 'Terminate' | 'Allow';

export const functionOptionsMigrations: readonly Migration[] = [
  {
    id: 'functions-0104-options',
    statements: [
      `CREATE TABLE function_runtime_management (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        function_name TEXT NOT NULL,
        qualifier TEXT NOT NULL,
        update_runtime_on TEXT NOT NULL,
        runtime_version_arn TEXT,
        PRIMARY KEY (account, region, function_name, qualifier)
      )`,
      `CREATE TABLE function_recursion (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        function_name TEXT NOT NULL,
        recursive_loop TEXT NOT NULL,
        PRIMARY KEY (account, region, function_name)
      )`,
      `CREATE TABLE function_event_invoke (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        function_name TEXT NOT NULL,
        qualifier TEXT NOT NULL,
        maximum_retry_attempts INTEGER,
        maximum_event_age_seconds INTEGER,
        on_success TEXT,
        on_failure TEXT,
        last_modified_ms BIGINT NOT NULL,
        PRIMARY KEY (account, region, function_name, qualifier)
      )`,
    ],
  },
];

const whereFunction = 'account = $1 AND region = $2 AND function_name = $3';
const whereQualifier = `${whereFunction} AND qualifier = $4`;

function paramsOf(key: FunctionKey, ...more: readonly SqlValue[]): readonly SqlValue[] {
  return [key.account, key.region, key.name, ...more];
}

/** How a function follows its runtime, and what becomes of a recursive loop. */
export class FunctionOptions {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Of `$LATEST` or a version; `Auto` where nothing was put. */
  async runtimeManagement(key: FunctionKey, qualifier: string): Promise<RuntimeManagement> {
    const sql = `SELECT update_runtime_on, runtime_version_arn FROM function_runtime_management WHERE ${whereQualifier}`;
    const [row] = await this.#database.query(sql, paramsOf(key, qualifier));
    return row === undefined ? { updateRuntimeOn: 'Auto' } : parseRuntimeManagement(row);
  }

  /** Throws `ResourceNotFoundException` for a version that is not there. */
  async putRuntimeManagement(key: FunctionKey, qualifier: string, value: RuntimeManagement): Promise<void> {
    const sql = `INSERT INTO function_runtime_management
      (account, region, function_name, qualifier, update_runtime_on, runtime_version_arn)
      VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (account, region, function_name, qualifier)
      DO UPDATE SET update_runtime_on = excluded.update_runtime_on, runtime_version_arn = excluded.runtime_version_arn`;
    const params = paramsOf(key, qualifier, value.updateRuntimeOn, value.runtimeVersionArn ?? null);
    await this.#database.transaction(async (transaction) => {
      if (!(await qualifierExists(transaction, key, qualifier))) throw functionNotFound(key, qualifier);
      await transaction.execute(sql, params);
    });
  }

  /** `Terminate` where nothing was put. */
  async recursiveLoop(key: FunctionKey): Promise<RecursiveLoop> {
    const sql = `SELECT recursive_loop FROM function_recursion WHERE ${whereFunction}`;
    const [row] = await this.#database.query(sql, paramsOf(key));
    return row !== undefined && textOf(row, 'recursive_loop') === 'Allow' ? 'Allow' : 'Terminate';
  }

  /** Throws `ResourceNotFoundException` for a function that is not there. */
  async putRecursiveLoop(key: FunctionKey, recursiveLoop: RecursiveLoop): Promise<void> {
    const sql = `INSERT INTO function_recursion (account, region, function_name, recursive_loop)
      VALUES ($1, $2, $3, $4)
      ON CONFLICT (account, region, function_name) DO UPDATE SET recursive_loop = excluded.recursive_loop`;
    await this.#database.transaction(async (transaction) => {
      if (!(await functionExists(transaction, key))) throw functionNotFound(key);
      await transaction.execute(sql, paramsOf(key, recursiveLoop));
    });
  }
}

function parseRuntimeManagement(row: Row): RuntimeManagement {
  const updateRuntimeOn = textOf(row, 'update_runtime_on') as RuntimeManagement['updateRuntimeOn'];
  const arn = optional(textOf, row, 'runtime_version_arn');
  return { updateRuntimeOn, ...(arn === undefined ? {} : { runtimeVersionArn: arn }) };
}

/** Removes every option of a function. */
export function removeFunctionOptions(key: FunctionKey): readonly Statement[] {
  return ['function_runtime_management', 'function_recursion', 'function_event_invoke'].map((table) => ({
    sql: `DELETE FROM ${table} WHERE ${whereFunction}`,
    params: paramsOf(key),
  }));
}

/** Removes what hangs on one version or alias. */
export function removeQualifierOptions(key: FunctionKey, qualifier: string): readonly Statement[] {
  return ['function_runtime_management', 'function_event_invoke'].map((table) => ({
    sql: `DELETE FROM ${table} WHERE ${whereQualifier}`,
    params: paramsOf(key, qualifier),
  }));
}
