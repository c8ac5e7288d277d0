/** `number` is an integer within ±(2^53 − 1), or a double in a DOUBLE PRECISION column. */
export type SqlValue = string | number | null | Uint8Array;
/** Column name to value; column names are lower case. */
export type Row = Readonly<Record<string, SqlValue>>;

/**
 * One statement of the portable subset, which means the same to SQLite and PostgreSQL:
 * - Placeholders `$1 … $n`, each an own value; `CAST($1 AS BIGINT)` where nothing around it tells the type (in a
 *   select list, beside `IS NULL`).
 * - Types TEXT, BIGINT, DOUBLE PRECISION, BLOB, in capitals (a migration's words become PostgreSQL's `TEXT COLLATE "C"` and `BYTEA`).
 *   Truth is BIGINT 0 or 1, time BIGINT milliseconds, JSON is TEXT. No U+0000 in TEXT, no `AUTOINCREMENT`: ids come from `Ids`.
 * - `INSERT … ON CONFLICT (…) DO NOTHING | DO UPDATE SET x = excluded.x`, `RETURNING`, CTEs, row values, window
 *   functions. Integer division only where it cannot leave a fraction. Text compares by bytes.
 * - A prefix is a range (`name >= $1 AND name < $2`, see `prefixEnd`), never LIKE, whose letter case differs.
 * - Names in snake_case, unquoted.
 */
export interface Statement {
  readonly sql: string;
  readonly params?: readonly SqlValue[];
}

export interface Transaction {
  /** Rows of a SELECT, or of a RETURNING clause. */
  query(sql: string, params?: readonly SqlValue[]): Promise<readonly Row[]>;
  /** Number of rows changed. */
  execute(sql: string, params?: readonly SqlValue[]): Promise<number>;
}

/**
 * The database. Both adapters (SQLite, PostgreSQL) run `database.contract.ts`.
 *
 * Contract: what `write` and `transaction` resolved is on disk; all of one call's statements apply or none; a
 * `query` after it sees it; transactions and writes are serialised against each other, also those of other servers
 * on the same database. Every rejection that the database caused is a `DatabaseError`.
 */
export interface Database {
  readonly kind: 'sqlite' | 'postgres';
  /** Reads only, without waiting for writers; a statement that writes is refused. Keep results to a page. */
  query(sql: string, params?: readonly SqlValue[]): Promise<readonly Row[]>;
  /** All statements in one transaction, grouped with its neighbours into one commit. Rows changed, one count each. */
  write(statements: readonly Statement[]): Promise<readonly number[]>;
  /**
   * Reads and writes that depend on each other. Rolled back when `body` rejects or a statement in it fails. Keep it
   * short: writers wait, for which reason it is also rolled back after `transactionLimitMs`; and `body` must not await
   * a `write` or `transaction` of the database itself, which would wait for its end.
   */
  transaction<T>(body: (transaction: Transaction) => Promise<T>): Promise<T>;
  /** Waits for what was asked before, then lets go of everything. Calls after it reject with `closed`. */
  close(): Promise<void>;
}

/** Longest an interactive transaction may hold up the writers: many times what any of them needs. */
export const transactionLimitMs = 10_000;

/** Calls that may wait for the writer; beyond, `overloaded` at once, since a longer queue only hides an outage. */
export const maxWaitingCalls = 50_000;

/**
 * `unique`, `constraint`: the statement broke one; `overloaded`, `timeout`: a limit above was hit; `closed`:
 * called after `close`; `full`: the disk is; `failed`: anything else (connection lost, wrong SQL). Nothing was applied, except
 * that `failed` leaves open whether a commit on a lost connection went through.
 */
export type DatabaseErrorCode =
  | 'unique'
  | 'constraint'
  | 'overloaded'
  | 'timeout'
  | 'closed'
  | 'full'
  | 'failed';

export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly code: DatabaseErrorCode;

  constructor(code: DatabaseErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

export function closed(): DatabaseError {
  return new DatabaseError('closed', 'the database is closed');
}

export function overloaded(): DatabaseError {
  return new DatabaseError('overloaded', `more than ${maxWaitingCalls} calls wait for the database`);
}

/** One step of the schema, owned by the module whose tables it makes. Applied once, in order, never edited after release. */
export interface Migration {
  /** `<module>-<4 digits>-<what>`; unique. */
  readonly id: string;
  readonly statements: readonly string[];
}
