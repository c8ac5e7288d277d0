import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { promisify } from 'node:util';
import type { LoadPlan, LoadResult } from './load-generator.ts';

const root = join(import.meta.dirname, '../..');

export interface RunningServer {
  readonly port: number;
  readonly pid: number;
  /** From the start of the program until it accepted requests. */
  readonly readyMs: number;
  stop(): Promise<void>;
}

/** A server of Hearth and its data folder. */
export interface HearthServer extends RunningServer {
  readonly dataDir: string;
}

export async function startEcho(): Promise<RunningServer> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [join(import.meta.dirname, 'echo-server.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = Number(await capture(child, /^(\d+)$/));
  return { port, pid: child.pid ?? 0, readyMs: performance.now() - startedMs, stop: () => end(child) };
}

/** Another program that serves, ready as soon as it has printed `ready`, on either of its outputs. */
export async function startProgram(
  args: readonly string[],
  { port, ready, cwd, env }: ProgramOptions,
): Promise<RunningServer> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, args, { cwd, env: { ...process.env, ...env }, stdio: 'pipe' });
  const printed = new PassThrough();
  for (const output of [child.stdout, child.stderr]) output.pipe(printed, { end: false });
  child.once('exit', () => printed.end());
  for await (const line of createInterface({ input: printed })) {
    if (!ready.test(line)) continue;
    printed.resume();
    return { port, pid: child.pid ?? 0, readyMs: performance.now() - startedMs, stop: () => end(child) };
  }
  throw new Error(`${args.join(' ')} ended before it said ${ready}`);
}

interface ProgramOptions {
  readonly port: number;
  readonly ready: RegExp;
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

export function makeDataFolder(): string {
  return mkdtempSync(join(tmpdir(), 'hearth-bench-'));
}

/** A server started as a user would, on a data folder of its own, or on one that is kept when it stops. */
export async function startHearth(kept?: string, flags: readonly string[] = []): Promise<HearthServer> {
  const dataDir = kept ?? makeDataFolder();
  const startedMs = performance.now();
  const command = [
    join(root, 'bin/hearth.js'),
    'start',
    '--port',
    '0',
    '--data-dir',
    dataDir,
    '--sandbox',
    'oci',
    ...flags,
  ];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = Number(await capture(child, /http:\/\/127\.0\.0\.1:(\d+)/, /^Ready\.$/));
  return {
    port,
    pid: child.pid ?? 0,
    dataDir,
    readyMs: performance.now() - startedMs,
    stop: async () => {
      await end(child);
      if (kept === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** What the pattern captures in the child's output, read line by line until `last` has been seen too. */
async function capture(child: ChildProcess, pattern: RegExp, last = pattern): Promise<string> {
  if (!child.stdout) throw new Error('a child without output');
  let captured: string | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    captured ??= pattern.exec(line)?.[1];
    if (captured !== undefined && last.test(line)) {
      child.stdout.resume();
      return captured;
    }
  }
  throw new Error(`the server ended before it said ${last}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exited;
}

export async function load(plan: LoadPlan): Promise<LoadResult> {
  const script = join(import.meta.dirname, 'load-generator.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(plan)]);
  return JSON.parse(stdout) as LoadResult;
}

/** Resident memory. The benches run on the Node.js that Hearth runs on, so there is no launcher in front of the server. */
export function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;
}
