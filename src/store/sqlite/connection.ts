import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { DatabaseError, type DatabaseErrorCode, type Row, type SqlValue } from '../database.ts';

/** Prepared statements kept; the code base has fewer texts than this, so only generated SQL ever evicts. */
const maxPrepared = 500;

interface Prepared {
  readonly statement: StatementSync;
  readonly returnsRows: boolean;
}

/** One SQLite connection with its prepared statements. Synchronous. */
export class Connection {
  readonly database: DatabaseSync;
  readonly #prepared = new Map<string, Prepared>();

  constructor(file: string, options: { readonly readOnly: boolean }) {
    // Nobody but another process's migration ever holds the write lock, hence the patience.
    this.database = new DatabaseSync(file, { readOnly: options.readOnly, timeout: 10_000 });
  }

  query(sql: string, params: readonly SqlValue[] = []): readonly Row[] {
    return this.#prepare(sql).statement.all(...params) as Row[];
  }

  execute(sql: string, params: readonly SqlValue[] = []): number {
    const { statement, returnsRows } = this.#prepare(sql);
    return returnsRows ? statement.all(...params).length : Number(statement.run(...params).changes);
  }

  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known) return known;
    const statement = this.database.prepare(numbered(sql));
    const prepared = { statement, returnsRows: statement.columns().length > 0 };
    if (this.#prepared.size >= maxPrepared) this.#evictOldest();
    this.#prepared.set(sql, prepared);
    return prepared;
  }

  #evictOldest(): void {
    const oldest = this.#prepared.keys().next();
    if (!oldest.done) this.#prepared.delete(oldest.value);
  }
}

/** `$1` is a name to SQLite, `?1` a position; only positions bind without an object per call. */
function numbered(sql: string): string {
  return sql.replaceAll(/\$(\d+)/g, '?$1');
}

const uniqueViolations: ReadonlySet<number> = new Set([1555, 2067, 2579]);
const constraintViolation = 19;
const diskFull = 13;

/** What SQLite threw, in the port's terms. */
export function databaseError(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new DatabaseError(codeOf(error), message, error);
}

function codeOf(error: unknown): DatabaseErrorCode {
  if (!(error instanceof Error && 'errcode' in error && typeof error.errcode === 'number')) return 'failed';
  if (uniqueViolations.has(error.errcode)) return 'unique';
  const primary = error.errcode & 0xff;
  if (primary === diskFull) return 'full';
  return primary === constraintViolation ? 'constraint' : 'failed';
}
