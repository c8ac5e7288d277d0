import type postgres from 'postgres';
import { DatabaseError, type DatabaseErrorCode, type Row, type SqlValue } from '../database.ts';

/** A pool, or one connection inside a transaction. */
export type Queryable = Pick<postgres.Sql, 'unsafe'>;

interface Answer {
  readonly rows: readonly Row[];
  /** Rows changed, or returned. */
  readonly count: number;
}

/** Opens nothing yet: `postgres` connects with the first query. Loaded here, since SQLite's users need none of it. */
export async function connect(
  url: string,
  options: {
    readonly max: number;
    readonly settings: Readonly<Record<string, string>>;
    /** Called for each connection that ends. */
    readonly onClose?: () => void;
  },
): Promise<postgres.Sql> {
  const { default: postgres } = await import('postgres');
  return postgres(url, {
    max: options.max,
    // Its `max_lifetime` would close a connection between two writes of a group at worst, which is harmless.
    connect_timeout: 10,
    fetch_types: false,
    onnotice: () => undefined,
    ...(options.onClose && { onclose: options.onClose }),
    connection: { application_name: 'hearth', ...options.settings },
    types: { int8: integers, bool: booleans },
  });
}

/** COUNT and SUM, too, come as numbers; one that a number cannot hold fails the query instead of being rounded. */
const integers = {
  to: 20,
  from: [20, 1700],
  serialize: String,
  parse: (text: string): number => {
    const value = Number(text);
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) throw new RangeError(`${text} is too large`);
    return value;
  },
};

/** SQLite has no booleans: a comparison in a select list is 0 or 1. */
const booleans = {
  to: 16,
  from: [16],
  serialize: String,
  parse: (text: string): number => (text === 't' ? 1 : 0),
};

export async function run(on: Queryable, sql: string, params: readonly SqlValue[] = []): Promise<Answer> {
  const result = await on.unsafe<Row[]>(sql, [...params], { prepare: true });
  return { rows: result, count: result.count ?? 0 };
}

/** What `postgres` threw, in the port's terms. */
export function databaseError(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new DatabaseError(codeOf(error), message, error);
}

/** SQLSTATE class 23 is "integrity constraint violation", 53100 `disk_full`. */
function codeOf(error: unknown): DatabaseErrorCode {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) return 'failed';
  if (error.code === '23505') return 'unique';
  if (error.code === '53100') return 'full';
  return error.code.startsWith('23') ? 'constraint' : 'failed';
}
