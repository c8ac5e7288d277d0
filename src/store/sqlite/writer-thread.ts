import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type Deferred, deferred } from '../../base/index.ts';
import {
  closed,
  DatabaseError,
  maxWaitingCalls,
  overloaded,
  type Row,
  type SqlValue,
  type Statement,
  type Transaction,
} from '../database.ts';
import { checkParams } from '../values.ts';
import type { WriterAnswer, WriterOptions, WriterRequest, WriterResult } from './messages.ts';

/** `DistributiveOmit`: each kind of request without its id. */
type Unnumbered<Request> = Request extends WriterRequest ? Omit<Request, 'id'> : never;

/** This thread's side of the writer: numbers the calls, posts those of one tick together, matches the answers. */
export class WriterThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Deferred<WriterResult>>();
  #outbox: WriterRequest[] = [];
  #lastId = 0;
  #failure: DatabaseError | undefined;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (answers: readonly WriterAnswer[]) => this.#settle(answers));
    worker.on('error', (error) => this.#fail(new DatabaseError('failed', error.message, error)));
    worker.on('exit', () => this.#fail(closed()));
  }

  static async start(options: WriterOptions): Promise<WriterThread> {
    const worker = new Worker(workerUrl(), { workerData: options, name: 'sqlite-writer' });
    try {
      await once(worker, 'message');
    } catch (error) {
      throw new DatabaseError('failed', `cannot open ${options.file}: ${messageOf(error)}`, error);
    }
    return new WriterThread(worker);
  }

  async write(statements: readonly Statement[]): Promise<readonly number[]> {
    return (await this.#call({ kind: 'write', statements })) as readonly number[];
  }

  /** The name of a new transaction, once every call before it has been answered. */
  async begin(): Promise<number> {
    const name = this.#lastId + 1;
    await this.#call({ kind: 'begin' });
    return name;
  }

  transaction(name: number): Transaction {
    return {
      query: async (sql, params) => (await this.#step(name, 'query', sql, params)) as readonly Row[],
      execute: async (sql, params) => (await this.#step(name, 'execute', sql, params)) as number,
    };
  }

  async end(name: number, how: 'commit' | 'rollback'): Promise<void> {
    await this.#call({ kind: 'end', transaction: name, how });
  }

  /** Everything called before is answered first. */
  async stop(): Promise<void> {
    if (this.#failure) return;
    const exited = once(this.#worker, 'exit');
    await this.#call({ kind: 'close' });
    await this.#worker.terminate();
    await exited;
  }

  async #step(
    transaction: number,
    mode: 'query' | 'execute',
    sql: string,
    params: readonly SqlValue[] = [],
  ): Promise<WriterResult> {
    checkParams(params);
    return this.#call({ kind: 'step', transaction, mode, sql, params });
  }

  #call(request: Unnumbered<WriterRequest>): Promise<WriterResult> {
    const answer = deferred<WriterResult>();
    if (this.#failure) answer.reject(this.#failure);
    else if (this.#waiting.size >= maxWaitingCalls) answer.reject(overloaded());
    else this.#post(request, answer);
    return answer.promise;
  }

  #post(request: Unnumbered<WriterRequest>, answer: Deferred<WriterResult>): void {
    const id = ++this.#lastId;
    this.#waiting.set(id, answer);
    if (this.#outbox.length === 0) queueMicrotask(() => this.#flush());
    this.#outbox.push({ ...request, id });
  }

  #flush(): void {
    const requests = this.#outbox;
    this.#outbox = [];
    try {
      this.#worker.postMessage(requests);
    } catch (error) {
      // Nothing but a value that cannot be cloned, which the types rule out: refuse these calls, keep the thread.
      for (const { id } of requests) this.#reject(id, new DatabaseError('failed', messageOf(error), error));
    }
  }

  #settle(answers: readonly WriterAnswer[]): void {
    for (const answer of answers) {
      if (answer.ok) this.#waiting.get(answer.id)?.resolve(answer.value);
      else this.#waiting.get(answer.id)?.reject(new DatabaseError(answer.code, answer.message));
      this.#waiting.delete(answer.id);
    }
  }

  #reject(id: number, error: DatabaseError): void {
    this.#waiting.get(id)?.reject(error);
    this.#waiting.delete(id);
  }

  #fail(error: DatabaseError): void {
    this.#failure ??= error;
    for (const id of this.#waiting.keys()) this.#reject(id, this.#failure);
  }
}

/** The worker beside this file, as source in the repository or as emitted JavaScript in the package. */
function workerUrl(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
