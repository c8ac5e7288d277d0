import { Worker } from 'node:worker_threads';
import { awsError } from '../../model/index.ts';
import type { CancelTimer, Clock } from '../../base/index.ts';
import type { CodeJob, CodeJobAnswer, CodeJobDone } from './code-job.ts';
import { ZipRejected } from './zip-plan.ts';

/** A 50 MB archive of 5,000 files takes 3 s; whoever takes longer than this is not a deployment. */
const LONGEST_JOB_MS = 120_000;
/** A thread costs some megabytes, so an idle one goes. */
const IDLE_MS = 15_000;
/** Archives that wait are on disk already, so waiting costs little; more than this is a flood. */
const MOST_WAITING = 256;

/** Runs code jobs one after another in a thread of its own, which it starts when needed. */
export class CodeWorker {
  readonly #clock: Clock;
  #worker: Worker | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #cancelIdle: CancelTimer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Rejects with `ZipRejected` where the archive is at fault, `TooManyRequestsException` when flooded. */
  async run(job: CodeJob): Promise<CodeJobDone> {
    if (this.#waiting >= MOST_WAITING) throw awsError('TooManyRequestsException', 'Rate exceeded');
    this.#waiting += 1;
    const turn = this.#last.then(() => this.#perform(job));
    this.#last = turn.catch(() => undefined);
    try {
      return doneOrThrow(await turn);
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Ends the thread, after the jobs that were given. */
  async close(): Promise<void> {
    await this.#last;
    await this.#stop();
  }

  async #perform(job: CodeJob): Promise<CodeJobAnswer> {
    this.#cancelIdle?.();
    const worker = (this.#worker ??= this.#start());
    const answer = await this.#answerOf(worker, job);
    if (answer.kind === 'failed') await this.#stop();
    else this.#cancelIdle = this.#clock.setTimer(IDLE_MS, () => void this.#stop());
    return answer;
  }

  #start(): Worker {
    const worker = new Worker(workerUrl());
    worker.unref();
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    return worker;
  }

  async #stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#cancelIdle?.();
    await worker?.terminate();
  }

  #answerOf(worker: Worker, job: CodeJob): Promise<CodeJobAnswer> {
    const answered = new AbortController();
    return new Promise<CodeJobAnswer>((resolve) => {
      const fail = (message: string): void => resolve({ kind: 'failed', message });
      const cancelTimeout = this.#clock.setTimer(LONGEST_JOB_MS, () => {
        resolve({ kind: 'rejected', refusal: 'unreadable', message: 'took too long' });
        void this.#stop();
      });
      const onError = (error: Error): void => fail(error.message);
      const onExit = (): void => fail('the worker ended');
      worker.once('message', resolve).once('error', onError).once('exit', onExit);
      answered.signal.addEventListener('abort', () => {
        cancelTimeout();
        worker.off('message', resolve).off('error', onError).off('exit', onExit);
      });
      worker.postMessage(job);
    }).finally(() => answered.abort());
  }
}

/** The file of the worker: TypeScript in the repository, JavaScript in the package. */
function workerUrl(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./code-job-worker.${extension}`, import.meta.url);
}

function doneOrThrow(answer: CodeJobAnswer): CodeJobDone {
  if (answer.kind === 'rejected') throw new ZipRejected(answer.refusal, answer.message);
  if (answer.kind === 'failed') {
    const cause = Object.assign(new Error(answer.message), { code: answer.code });
    throw awsError('ServiceException', `Could not store the code: ${answer.message}`, { cause });
  }
  return answer;
}
