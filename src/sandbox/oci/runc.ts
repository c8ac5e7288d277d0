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
  /** Descriptors that become 1, 2 and 3 inside; 0 is /dev/null. */
  readonly outputs: readonly [number, number, number];
}

/** Starts a container without staying: gives the host process id of its first process once it runs. */
export async function runDetached({ runc, stateDir }: RuncOptions, run: RunOptions): Promise<number> {
  const pidFile = join(run.bundle, 'pid');
  const logFile = join(run.bundle, 'runc.log');
  const globals = ['--root', stateDir, '--log', logFile, '--log-format', 'json'];
  const args = [
    'run',
    '--detach',
    '--preserve-fds',
    '1',
    '--bundle',
    run.bundle,
    '--pid-file',
    pidFile,
    run.id,
  ];
  const child = spawn(runc, [...globals, ...args], { cwd: '/', env: {}, stdio: ['ignore', ...run.outputs] });
  const exitCode = await exitCodeOf(child);
  if (exitCode !== 0) throw startError(logFile, exitCode);
  return Number(readFileSync(pidFile, 'utf8'));
}

async function exitCodeOf(child: ReturnType<typeof spawn>): Promise<unknown> {
  const [exitCode]: unknown[] = await once(child, 'exit');
  return exitCode;
}

/** What `runc` says when the command itself cannot be executed, in the words of Go's os/exec. */
const COMMAND_AT_FAULT =
  /exec(?:: "|format error)|no such file or directory|permission denied|not found in \$PATH/;

function startError(logFile: string, exitCode: unknown): SandboxError {
  const message = lastLogMessage(logFile) ?? `runc ended with ${String(exitCode)}`;
  const fault = COMMAND_AT_FAULT.test(message) && /exec/.test(message) ? 'command' : 'machine';
  return new SandboxError(message, { fault });
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
