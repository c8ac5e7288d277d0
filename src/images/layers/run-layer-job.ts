import { Worker } from 'node:worker_threads';
import { PullInterrupted, invalidImage } from '../image-error.ts';
import type { LayerJob, LayerJobAnswer } from './layer-job.ts';

/** Runs a job in a thread of its own. Rejects with `InvalidImage`, with `PullInterrupted` once `signal` aborts, or as the system did. */
export async function runLayerJob(job: LayerJob, signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw new PullInterrupted();
  const worker = new Worker(workerUrl(), { workerData: job });
  const stop = (): void => void worker.terminate();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const answer = await answerOf(worker);
    if (signal.aborted) throw new PullInterrupted();
    if (answer.kind === 'invalid') throw invalidImage(answer.message);
    if (answer.kind === 'failed') throw Object.assign(new Error(answer.message), { code: answer.code });
  } finally {
    signal.removeEventListener('abort', stop);
    await worker.terminate();
  }
}

function answerOf(worker: Worker): Promise<LayerJobAnswer> {
  return new Promise((resolve) => {
    const fail = (message: string): void => resolve({ kind: 'failed', message });
    worker.once('message', resolve);
    worker.once('error', (error: Error) => fail(error.message));
    worker.once('exit', () => fail('the thread ended'));
  });
}

/** The file of the worker: TypeScript in the repository, JavaScript in the package. */
function workerUrl(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./layer-job-worker.${extension}`, import.meta.url);
}
