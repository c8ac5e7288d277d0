import { existsSync } from 'node:fs';
import type { Clock } from '../../base/index.ts';
import {
  closed,
  type Database,
  DatabaseError,
  type Row,
  type SqlValue,
  type Statement,
  type Transaction,
} from '../database.ts';
import { withinTransactionLimit } from '../transaction-limit.ts';
import { checkParams } from '../values.ts';
import { Connection, databaseError } from './connection.ts';
import type { WriterOptions } from './messages.ts';
import { WriterThread } from './writer-thread.ts';

/**
 * SQLite in one file (WAL). Writes go to a thread that owns the writing connection; it starts with the first write, since it
 * takes 30 ms and 12 MiB, which a server that only reads has no use for. Reads run on the caller's thread: a point read
 * takes 2–5 µs there, the hop to another thread and back 40 µs.
 */
export class SqliteDatabase implements Database {
  readonly kind = 'sqlite';
  readonly #reader: Connection;
  readonly #options: WriterOptions;
  readonly #clock: Clock;
  #writer: Promise<WriterThread> | undefined;
  #closing: Promise<void> | undefined;

  private constructor(
    reader: Connection,
    { writer, options, clock }: { writer: WriterThread | undefined; options: WriterOptions; clock: Clock },
  ) {
    this.#reader = reader;
    this.#options = options;
    this.#clock = clock;
    this.#writer = writer && Promise.resolve(writer);
  }

  /** Opens `file`, making it if absent; rejects with a `DatabaseError` where that cannot be. */
  static async open(options: WriterOptions, clock: Clock): Promise<SqliteDatabase> {
    const { file } = options;
    const writer = existsSync(file) ? undefined : await WriterThread.start(options);
    try {
      return new SqliteDatabase(openForReading(file), { writer, options, clock });
    } catch (error) {
      await writer?.stop();
      throw new DatabaseError('failed', `cannot open ${file}: ${databaseError(error).message}`, error);
    }
  }

  async query(sql: string, params: readonly SqlValue[] = []): Promise<readonly Row[]> {
    if (this.#closing) throw closed();
    checkParams(params);
    try {
      return this.#reader.query(sql, params);
    } catch (error) {
      throw databaseError(error);
    }
  }

  async write(statements: readonly Statement[]): Promise<readonly number[]> {
    if (this.#closing) throw closed();
    for (const { params } of statements) if (params) checkParams(params);
    return (await this.#writing()).write(statements);
  }

  async transaction<T>(body: (transaction: Transaction) => Promise<T>): Promise<T> {
    if (this.#closing) throw closed();
    const writer = await this.#writing();
    const name = await writer.begin();
    let result: T;
    try {
      result = await withinTransactionLimit(this.#clock, body(writer.transaction(name)));
    } catch (error) {
      await writer.end(name, 'rollback').catch(() => undefined);
      throw error;
    }
    await writer.end(name, 'commit');
    return result;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // One that cannot be started has nothing to finish.
    const writer = await this.#writer?.catch(() => undefined);
    await writer?.stop();
    this.#reader.database.close();
  }

  /** Calls get it in the order in which they asked; one that cannot be started is tried again by the next. */
  #writing(): Promise<WriterThread> {
    this.#writer ??= WriterThread.start(this.#options).catch((error: unknown) => {
      this.#writer = undefined;
      throw error;
    });
    return this.#writer;
  }
}

/** Throws where the file is no database: SQLite itself looks at the file only with the first statement. */
function openForReading(file: string): Connection {
  const connection = new Connection(file, { readOnly: true });
  try {
    connection.query('PRAGMA schema_version');
    return connection;
  } catch (error) {
    connection.database.close();
    throw error;
  }
}
