import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort } from 'node:worker_threads';
import type { CodeJob, CodeJobAnswer, CodeJobDone } from './code-job.ts';
import { extractZip } from './extract.ts';
import { mergeTrees } from './merge.ts';
import { ZipRejected } from './zip-plan.ts';

/** Entry of the worker thread: one job at a time, each answered once. */
parentPort?.on('message', (job: CodeJob) => void perform(job));

async function perform(job: CodeJob): Promise<void> {
  parentPort?.postMessage(await answer(job));
}

async function answer(job: CodeJob): Promise<CodeJobAnswer> {
  try {
    return job.kind === 'extract' ? await extract(job.folder, job.objects) : merge(job.folder, job.trees);
  } catch (error) {
    if (error instanceof ZipRejected)
      return { kind: 'rejected', refusal: error.refusal, message: error.message };
    const code = error instanceof Error && 'code' in error ? { code: String(error.code) } : {};
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error), ...code };
  }
}

async function extract(folder: string, objects: string): Promise<CodeJobDone> {
  const zip = readFileSync(join(folder, 'archive.zip'));
  const sha256Hex = createHash('sha256').update(zip).digest('hex');
  if (existsSync(join(objects, sha256Hex))) return { kind: 'present', sha256Hex };
  const root = join(folder, 'root');
  mkdirSync(root, { mode: 0o755 });
  return { kind: 'extracted', sha256Hex, facts: await extractZip(zip, root) };
}

function merge(folder: string, trees: readonly string[]): CodeJobDone {
  const root = join(folder, 'root');
  mkdirSync(root, { mode: 0o755 });
  mergeTrees(trees, root);
  return { kind: 'merged' };
}
