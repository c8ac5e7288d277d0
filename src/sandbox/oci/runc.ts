import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SandboxError } from '../sandbox-error.ts';

interface RuncOptions {
  /** The program. */
  readonly runc: string;
  /** Where it keeps its own state. */
  readonly stateDir: string;
}

interface RunOptions {
  readonly id: string;
  /** Folder with `config.json`. */
  readonly bundle: string;
  /** What become the descriptors 1, 2, 3 and so on inside; 0 is /dev/null. */
  readonly descriptors: readonly number[];
}

/** Starts a container without staying: gives the host process id of its first process once it runs. */
export async function runDetached({ runc, stateDir }: RuncOptions, run: RunOptions): Promise<number> {
  const pidFile = join(run.bundle, 'pid');
  const logFile = join(run.bundle, 'runc.log');
  const globals = ['--root', stateDir, '--log', logFile, '--log-format', 'json'];
  const beyondStandard = String(run.descriptors.length - 2);
  const options = [
    '--detach',
    '--preserve-fds',
    beyondStandard,
    '--bundle',
    run.bundle,
    '--pid-file',
    pidFile,
  ];
  const child = spawn(runc, [...globals, 'run', ...options, run.id], {
    cwd: '/',
    env: {},
    stdio: ['ignore', ...run.descriptors],
  });
  const exitCode = await exitCodeOf(child);
  if (exitCode !== 0) throw startError(logFile, exitCode);
  return Number(readFileSync(pidFile, 'utf8'));
}

async function exitCodeOf(child: ReturnType<typeof spawn>): Promise<unknown> {
  const [exitCode]: unknown[] = await once(child, 'exit');
  return exitCode;
}

function startError(logFile: string, exitCode: unknown): SandboxError {
  const message = lastLogMessage(logFile) ?? `runc ended with ${String(exitCode)}`;
  // Whether the command itself can be executed, process 1 finds out; the working folder is the caller's as well.
  return new SandboxError(message, { fault: message.includes('chdir to cwd') ? 'command' : 'machine' });
}

function lastLogMessage(logFile: string): string | undefined {
  try {
    const lines = readFileSync(logFile, 'utf8').trim().split('\n');
    const last: unknown = JSON.parse(lines.at(-1) ?? '');
    return typeof last === 'object' && last && 'msg' in last ? String(last.msg) : undefined;
  } catch {
    return undefined;
  }
}
