export type SqlValue = string | number | null | Uint8Array;
export type Row = Readonly<Record<string, SqlValue>>;

/** One statement of the portable subset: placeholders `$1 … $n`, standard `ON CONFLICT`, `RETURNING`, no dialect. */
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
 * `query` after it sees it; transactions are serialised against each other.
 */
export interface Database {
  readonly kind: 'sqlite' | 'postgres';
  query(sql: string, params?: readonly SqlValue[]): Promise<readonly Row[]>;
  /** All statements in one transaction, grouped with its neighbours into one commit. Rows changed, one count each. */
  write(statements: readonly Statement[]): Promise<readonly number[]>;
  /** Reads and writes that depend on each other. Rolled back when `body` rejects. Keep it short: writers wait. */
  transaction<T>(body: (transaction: Transaction) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** One step of the schema, owned by the module whose tables it makes. Applied once, in order, never edited after release. */
export interface Migration {
  /** `<module>-<4 digits>-<what>`; unique. */
  readonly id: string;
  readonly statements: readonly string[];
}
