import type postgres from 'postgres';
import type { Clock } from '../../base/index.ts';
import {
  closed,
  type Database,
  type Row,
  type SqlValue,
  type Statement,
  type Transaction,
} from '../database.ts';
import { checkParams } from '../values.ts';
import { connect, databaseError, run } from './connection.ts';
import { type PostgresOptions, PostgresWriter } from './postgres-writer.ts';

/** Point reads are short: a few connections keep a server of two cores busy. */
const readConnections = 4;

/** PostgreSQL: reads on a small pool, all writing on one connection, in groups as in SQLite. */
export class PostgresDatabase implements Database {
  readonly kind = 'postgres';
  readonly #reader: postgres.Sql;
  readonly #writer: PostgresWriter;
  #closing: Promise<void> | undefined;

  private constructor(reader: postgres.Sql, writer: PostgresWriter) {
    this.#reader = reader;
    this.#writer = writer;
  }

  /** Rejects with a `DatabaseError` where the server cannot be reached or refuses. */
  static async open(options: PostgresOptions, clock: Clock): Promise<PostgresDatabase> {
    const reader = await connect(options.url, {
      max: readConnections,
      settings: { default_transaction_read_only: 'on' },
    });
    try {
      await run(reader, 'SELECT 1');
    } catch (error) {
      await reader.end({ timeout: 0 });
      throw databaseError(error);
    }
    return new PostgresDatabase(reader, await PostgresWriter.open(options, clock));
  }

  async query(sql: string, params: readonly SqlValue[] = []): Promise<readonly Row[]> {
    if (this.#closing) throw closed();
    checkParams(params);
    try {
      return (await run(this.#reader, sql, params)).rows;
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
    return this.#writer.transaction(body);
  }

  close(): Promise<void> {
    this.#closing ??= this.#writer.close().then(() => this.#reader.end());
    return this.#closing;
  }
}
