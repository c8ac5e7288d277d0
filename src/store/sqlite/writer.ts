import type { Statement } from '../database.ts';
import { type Connection, databaseError } from './connection.ts';
import type { WriterAnswer, WriterRequest, WriterResult } from './messages.ts';

type Write = Extract<WriterRequest, { kind: 'write' }>;
type Step = Extract<WriterRequest, { kind: 'step' }>;
type End = Extract<WriterRequest, { kind: 'end' }>;
type Queued = Exclude<WriterRequest, { kind: 'step' | 'end' }>;

/** Writes in one commit at most, so that the first of them is not kept waiting by the last. */
const maxGroup = 2_000;

/**
 * The only one that changes the database: takes requests in order, puts neighbouring writes into one commit, and
 * answers only after it. While an interactive transaction is open, everything else waits.
 */
export class Writer {
  readonly #connection: Connection;
  readonly #answer: (answers: readonly WriterAnswer[]) => void;
  #queue: Queued[] = [];
  #openTransaction: number | undefined;

  constructor(connection: Connection, answer: (answers: readonly WriterAnswer[]) => void) {
    this.#connection = connection;
    this.#answer = answer;
  }

  accept(requests: readonly WriterRequest[]): void {
    for (const request of requests) {
      if (request.kind === 'step') this.#step(request);
      else if (request.kind === 'end') this.#end(request);
      else this.#queue.push(request);
    }
    this.#drain();
  }

  #drain(): void {
    let at = 0;
    while (this.#openTransaction === undefined && at < this.#queue.length) {
      const group = writesFrom(this.#queue, at);
      if (group.length > 0) this.#commitGroup(group);
      else this.#runAlone(this.#queue[at]);
      at += Math.max(1, group.length);
    }
    this.#queue = this.#queue.slice(at);
  }

  #commitGroup(group: readonly Write[]): void {
    let answers: WriterAnswer[] = [];
    try {
      this.#connection.execute('BEGIN IMMEDIATE');
      answers = group.map((write) => this.#apply(write));
      this.#connection.execute('COMMIT');
    } catch (error) {
      this.#rollback();
      answers = group.map(({ id }) => failure(id, error));
    }
    this.#answer(answers);
  }

  /** One call inside the group. A statement is atomic by itself; several need a savepoint, so that all apply or none. */
  #apply({ id, statements }: Write): WriterAnswer {
    const nested = statements.length > 1;
    try {
      if (nested) this.#connection.execute('SAVEPOINT call');
      const changed = statements.map((statement) => this.#execute(statement));
      if (nested) this.#connection.execute('RELEASE call');
      return { id, ok: true, value: changed };
    } catch (error) {
      // A full disk or an I/O error ends the whole transaction, and with it the neighbours' part of it.
      if (!this.#connection.database.isTransaction) throw error;
      if (nested) this.#connection.execute('ROLLBACK TO call');
      if (nested) this.#connection.execute('RELEASE call');
      return failure(id, error);
    }
  }

  #execute({ sql, params }: Statement): number {
    return this.#connection.execute(sql, params);
  }

  #runAlone(request: Queued | undefined): void {
    if (request?.kind === 'begin') this.#begin(request.id);
    if (request?.kind === 'close') this.#close(request.id);
  }

  #begin(id: number): void {
    this.#respond(id, () => {
      this.#connection.execute('BEGIN IMMEDIATE');
      this.#openTransaction = id;
      return null;
    });
  }

  /** As in PostgreSQL, a failing statement ends its transaction. */
  #step({ id, transaction, mode, sql, params }: Step): void {
    this.#respond(id, () => {
      this.#requireOpen(transaction);
      try {
        return this.#connection[mode](sql, params);
      } catch (error) {
        this.#rollback();
        throw error;
      }
    });
  }

  #end({ id, transaction, how }: End): void {
    this.#respond(id, () => {
      if (how === 'commit') this.#requireOpen(transaction);
      try {
        if (how === 'commit') this.#connection.execute('COMMIT');
        return null;
      } finally {
        this.#rollback();
      }
    });
    if (this.#openTransaction === transaction) this.#openTransaction = undefined;
  }

  #close(id: number): void {
    this.#respond(id, () => {
      this.#connection.database.close();
      return null;
    });
  }

  #requireOpen(transaction: number): void {
    const open = this.#openTransaction === transaction && this.#connection.database.isTransaction;
    if (!open) throw new Error('the transaction has ended');
  }

  #respond(id: number, run: () => WriterResult): void {
    let answer: WriterAnswer;
    try {
      answer = { id, ok: true, value: run() };
    } catch (error) {
      answer = failure(id, error);
    }
    this.#answer([answer]);
  }

  #rollback(): void {
    if (this.#connection.database.isTransaction) this.#connection.execute('ROLLBACK');
  }
}

function writesFrom(queue: readonly Queued[], from: number): readonly Write[] {
  const group: Write[] = [];
  for (let at = from; at < queue.length && group.length < maxGroup; at++) {
    const request = queue[at];
    if (request?.kind !== 'write') break;
    group.push(request);
  }
  return group;
}

function failure(id: number, error: unknown): WriterAnswer {
  const { code, message } = databaseError(error);
  return { id, ok: false, code, message };
}
