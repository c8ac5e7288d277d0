import { awsError } from '../model/index.ts';
import {
  type Database,
  numberOf,
  optional,
  type Row,
  type SqlValue,
  type Statement,
  type Transaction,
  textOf,
} from '../store/index.ts';
import { qualifierExists } from './qualified-target.ts';
import type { FunctionKey } from './settings.ts';

/** How asynchronous events of one function, version or alias are treated. Absent members have AWS's defaults. */
export interface EventInvokeConfig {
  readonly maximumRetryAttempts?: number;
  readonly maximumEventAgeSeconds?: number;
  /** ARNs. */
  readonly onSuccess?: string;
  readonly onFailure?: string;
  readonly lastModifiedMs: number;
}

export interface QualifiedEventInvokeConfig extends EventInvokeConfig {
  readonly qualifier: string;
}

const whereFunction = 'account = $1 AND region = $2 AND function_name = $3';
const whereQualifier = `${whereFunction} AND qualifier = $4`;

function paramsOf(key: FunctionKey, ...more: readonly SqlValue[]): readonly SqlValue[] {
  return [key.account, key.region, key.name, ...more];
}

/** Event invoke configurations: of `$LATEST`, of a version or of an alias, each on its own. */
export class EventInvokeConfigs {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  find(key: FunctionKey, qualifier: string): Promise<EventInvokeConfig | undefined> {
    return findConfig(this.#database, key, qualifier);
  }

  /** Up to `count` configurations in the order of their qualifiers, those after `after`. */
  async list(
    key: FunctionKey,
    { after, count }: { readonly after?: string | undefined; readonly count: number },
  ): Promise<readonly QualifiedEventInvokeConfig[]> {
    const sql = `SELECT * FROM function_event_invoke
      WHERE ${whereFunction} AND qualifier > $4 ORDER BY qualifier LIMIT $5`;
    const rows = await this.#database.query(sql, paramsOf(key, after ?? '', count));
    return rows.map((row) => ({ ...parseConfig(row), qualifier: textOf(row, 'qualifier') }));
  }

  /** Replaces everything. Throws `ResourceNotFoundException` where the function, version or alias is not there. */
  async put(key: FunctionKey, qualifier: string, config: EventInvokeConfig): Promise<void> {
    await this.#database.transaction(async (transaction) => {
      if (!(await qualifierExists(transaction, key, qualifier))) {
        throw awsError('ResourceNotFoundException', "The function doesn't exist.");
      }
      await write(transaction, { key, qualifier, config });
    });
  }

  /** Changes what is there; undefined where nothing is. */
  async update(
    key: FunctionKey,
    qualifier: string,
    change: (current: EventInvokeConfig) => EventInvokeConfig,
  ): Promise<EventInvokeConfig | undefined> {
    return this.#database.transaction(async (transaction) => {
      const current = await findConfig(transaction, key, qualifier);
      if (current === undefined) return undefined;
      const config = change(current);
      await write(transaction, { key, qualifier, config });
      return config;
    });
  }

  /** Whether there was one. */
  async delete(key: FunctionKey, qualifier: string): Promise<boolean> {
    const [removed = 0] = await this.#database.write([remove(key, qualifier)]);
    return removed > 0;
  }
}

async function findConfig(
  from: Pick<Transaction, 'query'>,
  key: FunctionKey,
  qualifier: string,
): Promise<EventInvokeConfig | undefined> {
  const sql = `SELECT * FROM function_event_invoke WHERE ${whereQualifier}`;
  const [row] = await from.query(sql, paramsOf(key, qualifier));
  return row && parseConfig(row);
}

async function write(
  transaction: Transaction,
  entry: { readonly key: FunctionKey; readonly qualifier: string; readonly config: EventInvokeConfig },
): Promise<void> {
  const { key, qualifier, config } = entry;
  const removal = remove(key, qualifier);
  await transaction.execute(removal.sql, removal.params);
  const sql = `INSERT INTO function_event_invoke (account, region, function_name, qualifier,
    maximum_retry_attempts, maximum_event_age_seconds, on_success, on_failure, last_modified_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`;
  const params = paramsOf(
    key,
    qualifier,
    config.maximumRetryAttempts ?? null,
    config.maximumEventAgeSeconds ?? null,
    config.onSuccess ?? null,
    config.onFailure ?? null,
    config.lastModifiedMs,
  );
  await transaction.execute(sql, params);
}

function remove(key: FunctionKey, qualifier: string): Required<Statement> {
  const sql = `DELETE FROM function_event_invoke WHERE ${whereQualifier}`;
  return { sql, params: paramsOf(key, qualifier) };
}

function parseConfig(row: Row): EventInvokeConfig {
  const maximumRetryAttempts = optional(numberOf, row, 'maximum_retry_attempts');
  const maximumEventAgeSeconds = optional(numberOf, row, 'maximum_event_age_seconds');
  const onSuccess = optional(textOf, row, 'on_success');
  const onFailure = optional(textOf, row, 'on_failure');
  return {
    ...(maximumRetryAttempts === undefined ? {} : { maximumRetryAttempts }),
    ...(maximumEventAgeSeconds === undefined ? {} : { maximumEventAgeSeconds }),
    ...(onSuccess === undefined ? {} : { onSuccess }),
    ...(onFailure === undefined ? {} : { onFailure }),
    lastModifiedMs: numberOf(row, 'last_modified_ms'),
  };
}
