import { type AwsError, awsError, LATEST, limits, type Scope } from '../model/index.ts';
import { type Database, type Migration, numberOf, type Statement } from '../store/index.ts';
import type { Reader } from './functions-store.ts';
import { functionNotFound } from './not-found.ts';
import { sumProvisioned, sumProvisionedUnreserved } from './provisioned/provisioned-sums-store.ts';
import { functionExists } from './qualified-target.ts';
import type { ReservedConcurrency, FunctionKey } from './settings.ts';

export const reservedConcurrencyMigrations: readonly Migration[] = [
  {
    id: 'functions-0103-reserved-concurrency',
    statements: [
      `CREATE TABLE function_concurrency (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        function_name TEXT NOT NULL,
        reserved INTEGER NOT NULL,
        PRIMARY KEY (account, region, function_name)
      )`,
    ],
  },
];

/** Reserved concurrency of functions. Whoever changes it calls `FunctionLookup.invalidate` afterwards. */
export class ReservedConcurrencyStore implements ReservedConcurrency {
  readonly #database: Database;
  /** Of each account and region. */
  readonly accountConcurrency: number;

  constructor(database: Database, accountConcurrency: number) {
    this.#database = database;
    this.accountConcurrency = accountConcurrency;
  }

  reserved(key: FunctionKey): Promise<number | undefined> {
    return readReserved(this.#database, key);
  }

  provisioned(key: FunctionKey): Promise<number> {
    return sumProvisioned(this.#database, key);
  }

  async reservedTotal(scope: Scope): Promise<number> {
    const [reserved, provisioned] = await Promise.all([
      sumReserved(this.#database, scope),
      sumProvisionedUnreserved(this.#database, scope),
    ]);
    return reserved + provisioned;
  }

  /**
   * Throws `ResourceNotFoundException` for a function that is not there, `InvalidParameterValueException` where less than
   * 100 would stay for the functions without a reservation, or the function has more than that provisioned.
   */
  async put(key: FunctionKey, reserved: number): Promise<void> {
    await this.#database.transaction(async (transaction) => {
      if (!(await functionExists(transaction, key))) throw functionNotFound(key, LATEST);
      const own = await sumProvisioned(transaction, key);
      if (reserved < own) throw lessThanProvisioned(reserved, own);
      const counted = (await readReserved(transaction, key)) === undefined ? own : 0;
      const others =
        (await sumReserved(transaction, key, key.name)) +
        (await sumProvisionedUnreserved(transaction, key)) -
        counted;
      if (others + reserved > this.accountConcurrency - limits.unreservedConcurrencyMin) throw tooMuch();
      await transaction.execute(
        `INSERT INTO function_concurrency (account, region, function_name, reserved)
          VALUES ($1, $2, $3, $4)
          ON CONFLICT (account, region, function_name) DO UPDATE SET reserved = excluded.reserved`,
        [...paramsOf(key), reserved],
      );
    });
  }

  /** Deleting none is no error. Throws `ResourceNotFoundException` for a function that is not there. */
  async delete(key: FunctionKey): Promise<void> {
    await this.#database.transaction(async (transaction) => {
      if (!(await functionExists(transaction, key))) throw functionNotFound(key);
      const { sql, params } = removeReservedConcurrency(key);
      await transaction.execute(sql, params);
    });
  }
}

const whereFunction = 'account = $1 AND region = $2 AND function_name = $3';

function paramsOf(key: FunctionKey): readonly string[] {
  return [key.account, key.region, key.name];
}

/** Absent means the account's unreserved pool. */
export async function readReserved(from: Reader, key: FunctionKey): Promise<number | undefined> {
  const sql = `SELECT reserved FROM function_concurrency WHERE ${whereFunction}`;
  const [row] = await from.query(sql, paramsOf(key));
  return row === undefined ? undefined : numberOf(row, 'reserved');
}

export async function sumReserved(from: Reader, scope: Scope, but = ''): Promise<number> {
  const sql = `SELECT reserved FROM function_concurrency
    WHERE account = $1 AND region = $2 AND function_name <> $3`;
  const rows = await from.query(sql, [scope.account, scope.region, but]);
  return rows.reduce((total, row) => total + numberOf(row, 'reserved'), 0);
}

function tooMuch(): AwsError {
  return awsError(
    'InvalidParameterValueException',
    `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${limits.unreservedConcurrencyMin}].`,
    { type: 'none' },
  );
}

/** With AWS's own blanks (observed.md, 80). */
function lessThanProvisioned(reserved: number, provisioned: number): AwsError {
  return awsError(
    'InvalidParameterValueException',
    ` ReservedConcurrentExecutions  ${reserved} should not be lower than function's total provisioned concurrency [${provisioned}].`,
  );
}

export function removeReservedConcurrency(key: FunctionKey): Statement {
  return { sql: `DELETE FROM function_concurrency WHERE ${whereFunction}`, params: paramsOf(key) };
}
