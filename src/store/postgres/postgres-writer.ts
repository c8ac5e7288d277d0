import type postgres from 'postgres';
import { type Clock, type Deferred, deferred } from '../../base/index.ts';
import {
  DatabaseError,
  maxWaitingCalls,
  overloaded,
  type SqlValue,
  type Statement,
  type Transaction,
} from '../database.ts';
import { withinTransactionLimit } from '../transaction-limit.ts';
import { checkParams } from '../values.ts';
import { connect, databaseError, type Queryable, run } from './connection.ts';

export interface PostgresOptions {
  readonly url: string;
  /** Writers of one name follow one another, whichever server they are of. */
  readonly writers: string;
  /** `on`: acknowledged is on disk, whatever the database's default. */
  readonly synchronousCommit: 'on' | 'off';
}

/** Writes in one commit at most, so that the first of them is not kept waiting by the last. */
const maxGroup = 500;

interface QueuedWrite {
  readonly kind: 'write';
  readonly statements: readonly Statement[];
  readonly answer: Deferred<readonly number[]>;
}

interface QueuedTransaction {
  readonly kind: 'transaction';
  run(): Promise<void>;
}

/**
 * The one writing connection of this server. Each of its transactions takes a lock that is the database's own, so that
 * writers of all servers follow one another: no transaction ever has to be repeated for another's sake, and a group costs one
 * round trip more. A server that dies lets go of the lock with its connection.
 */
export class PostgresWriter {
  readonly #sql: postgres.Sql;
  readonly #writers: string;
  readonly #clock: Clock;
  readonly #queue: (QueuedWrite | QueuedTransaction)[] = [];
  #pumping: Promise<void> | undefined;

  private constructor(sql: postgres.Sql, writers: string, clock: Clock) {
    this.#sql = sql;
    this.#writers = writers;
    this.#clock = clock;
  }

  static async open(
    { url, writers, synchronousCommit }: PostgresOptions,
    clock: Clock,
  ): Promise<PostgresWriter> {
    const settings = {
      synchronous_commit: synchronousCommit,
      // A server that hangs inside a transaction must not stop the others for good.
      idle_in_transaction_session_timeout: '30s',
      statement_timeout: '60s',
    };
    return new PostgresWriter(await connect(url, { max: 1, settings }), writers, clock);
  }

  write(statements: readonly Statement[]): Promise<readonly number[]> {
    const answer = deferred<readonly number[]>();
    this.#enqueue({ kind: 'write', statements, answer });
    return answer.promise;
  }

  transaction<T>(body: (transaction: Transaction) => Promise<T>): Promise<T> {
    const answer = deferred<T>();
    const settle = (): Promise<void> =>
      this.#transact(body).then(
        (result) => answer.resolve(result),
        (error: unknown) => answer.reject(error),
      );
    this.#enqueue({ kind: 'transaction', run: settle });
    return answer.promise;
  }

  /** Everything called before is answered first. */
  async close(): Promise<void> {
    await this.#pumping;
    await this.#sql.end();
  }

  #enqueue(call: QueuedWrite | QueuedTransaction): void {
    if (this.#queue.length >= maxWaitingCalls) throw overloaded();
    this.#queue.push(call);
    this.#pumping ??= this.#pump();
  }

  /** Never rejects: each call is told its own outcome. */
  async #pump(): Promise<void> {
    // The calls of one tick share a commit.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const group = this.#takeWrites();
      if (group.length > 0) await this.#commitGroup(group);
      else await this.#takeTransaction()?.run();
    }
    // In the same step as the look at the queue, or a call in between would wait for ever.
    this.#pumping = undefined;
  }

  #takeWrites(): readonly QueuedWrite[] {
    const end = this.#queue.findIndex(({ kind }) => kind === 'transaction');
    const count = Math.min(end < 0 ? this.#queue.length : end, maxGroup);
    return this.#queue.splice(0, count).filter((call) => call.kind === 'write');
  }

  #takeTransaction(): QueuedTransaction | undefined {
    const call = this.#queue.shift();
    return call?.kind === 'transaction' ? call : undefined;
  }

  /** All at once first, in one round trip; where one of them fails, again one by one. */
  async #commitGroup(group: readonly QueuedWrite[]): Promise<void> {
    try {
      const counts = await this.#inTransaction((sql) => applyTogether(sql, group));
      for (const [at, { answer }] of group.entries()) answer.resolve(counts[at] ?? []);
    } catch (error) {
      if (group.length === 1) group[0]?.answer.reject(databaseError(error));
      else await this.#commitOneByOne(group);
    }
  }

  async #commitOneByOne(group: readonly QueuedWrite[]): Promise<void> {
    try {
      const outcomes = await this.#inTransaction((sql) => applyOneByOne(sql, group));
      for (const [at, { answer }] of group.entries()) settle(answer, outcomes[at]);
    } catch (error) {
      for (const { answer } of group) answer.reject(databaseError(error));
    }
  }

  async #transact<T>(body: (transaction: Transaction) => Promise<T>): Promise<T> {
    const own: { error?: unknown } = {};
    try {
      return await this.#inTransaction(async (sql) => {
        const guarded = new GuardedTransaction(sql);
        try {
          return await withinTransactionLimit(this.#clock, body(guarded));
        } catch (error) {
          own.error = error;
          throw error;
        } finally {
          guarded.end();
        }
      });
    } catch (error) {
      // What the body itself threw is the caller's; all else is the database's.
      throw error === own.error ? error : databaseError(error);
    }
  }

  async #inTransaction<T>(body: (sql: postgres.TransactionSql) => Promise<T>): Promise<T> {
    const begun = this.#sql.begin('isolation level read committed', async (sql) => {
      await run(sql, 'SELECT pg_advisory_xact_lock(hashtext($1))', [this.#writers]);
      return [await body(sql)] as const;
    });
    // In a one-element array, because `begin` would flatten an array of promises or results.
    const [result] = (await begun) as readonly [T];
    return result;
  }
}

/** Sent without waiting in between. */
async function applyTogether(
  sql: Queryable,
  group: readonly QueuedWrite[],
): Promise<readonly (readonly number[])[]> {
  const running = group.map(({ statements }) => Promise.all(applyAll(sql, statements)));
  await Promise.allSettled(running);
  return Promise.all(running);
}

function applyAll(sql: Queryable, statements: readonly Statement[]): readonly Promise<number>[] {
  return statements.map(async ({ sql: text, params }) => (await run(sql, text, params)).count);
}

type Outcome = { readonly counts: readonly number[] } | { readonly error: DatabaseError };

async function applyOneByOne(
  sql: postgres.TransactionSql,
  group: readonly QueuedWrite[],
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { statements } of group) {
    try {
      const counts: number[] = [];
      await sql.savepoint(async (savepoint) => {
        for (const { sql: text, params } of statements)
          counts.push((await run(savepoint, text, params)).count);
      });
      outcomes.push({ counts });
    } catch (error) {
      outcomes.push({ error: databaseError(error) });
    }
  }
  return outcomes;
}

function settle(answer: Deferred<readonly number[]>, outcome: Outcome | undefined): void {
  if (!outcome) answer.reject(new DatabaseError('failed', 'the write was not tried'));
  else if ('error' in outcome) answer.reject(outcome.error);
  else answer.resolve(outcome.counts);
}

/** A transaction as the body sees it; of no use once it has ended. */
class GuardedTransaction implements Transaction {
  readonly #sql: Queryable;
  #ended = false;

  constructor(sql: Queryable) {
    this.#sql = sql;
  }

  async query(sql: string, params: readonly SqlValue[] = []) {
    return (await this.#run(sql, params)).rows;
  }

  async execute(sql: string, params: readonly SqlValue[] = []): Promise<number> {
    return (await this.#run(sql, params)).count;
  }

  end(): void {
    this.#ended = true;
  }

  async #run(sql: string, params: readonly SqlValue[]): ReturnType<typeof run> {
    if (this.#ended) throw new DatabaseError('failed', 'the transaction has ended');
    checkParams(params);
    try {
      return await run(this.#sql, sql, params);
    } catch (error) {
      throw databaseError(error);
    }
  }
}
