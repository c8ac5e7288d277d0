import type { Clock } from '../../base/index.ts';
import {
  closed,
  type Database,
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
 * SQLite in one file (WAL). Writes go to a thread that owns the writing connection. Reads run on the caller's
 * thread: a point read takes 2–5 µs there, the hop to another thread and back 40 µs.
 */
export class SqliteDatabase implements Database {
  readonly kind = 'sqlite';
  readonly #reader: Connection;
  readonly #writer: WriterThread;
  readonly #clock: Clock;
  #closing: Promise<void> | undefined;

  private constructor(reader: Connection, writer: WriterThread, clock: Clock) {
    this.#reader = reader;
    this.#writer = writer;
    this.#clock = clock;
  }

  /** Opens `file`, making it if absent; rejects with a `DatabaseError` where that cannot be. */
  static async open(options: WriterOptions, clock: Clock): Promise<SqliteDatabase> {
    const writer = await WriterThread.start(options);
    try {
      return new SqliteDatabase(new Connection(options.file, { readOnly: true }), writer, clock);
    } catch (error) {
      await writer.stop();
      throw databaseError(error);
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
    return this.#writer.write(statements);
  }

  async transaction<T>(body: (transaction: Transaction) => Promise<T>): Promise<T> {
    if (this.#closing) throw closed();
    const name = await this.#writer.begin();
    let result: T;
    try {
      result = await withinTransactionLimit(this.#clock, body(this.#writer.transaction(name)));
    } catch (error) {
      await this.#writer.end(name, 'rollback').catch(() => undefined);
      throw error;
    }
    await this.#writer.end(name, 'commit');
    return result;
  }

  close(): Promise<void> {
    this.#closing ??= this.#writer.stop().then(() => this.#reader.database.close());
    return this.#closing;
  }
}
