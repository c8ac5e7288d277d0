import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SandboxError } from '../sandbox-error.ts';
import type { Children } from '../system/children.ts';
import type { SpawnProgram } from '../system/spawn.ts';
import type { Turns } from '../system/turns.ts';

/** How to call the OCI runtime. */
export interface Runc {
  readonly program: string;
  /** Where it keeps its own state. */
  readonly stateDir: string;
  readonly spawn: SpawnProgram;
  readonly children: Children;
  /** Bounds the starts at once. */
  readonly turns: Turns;
}

interface RunOptions {
  readonly id: string;
  /** Folder with `config.json`. */
  readonly bundle: string;
  /** What become the descriptors 1, 2, 3 and so on inside; 0 is /dev/null. */
  readonly descriptors: readonly number[];
}

/** Starts a container without staying: gives the host process id of its first process once it runs. */
export async function runDetached(runc: Runc, { id, bundle, descriptors }: RunOptions): Promise<number> {
  const pidFile = join(bundle, 'pid');
  const logFile = join(bundle, 'runc.log');
  const globals = ['--root', runc.stateDir, '--log', logFile, '--log-format', 'json'];
  const beyondStandard = String(descriptors.length - 2);
  const options = ['--detach', '--preserve-fds', beyondStandard, '--bundle', bundle, '--pid-file', pidFile];
  const args = [...globals, 'run', ...options, id];
  const { exitCode } = await runc.children.waitFor(
    await runc.spawn({ program: runc.program, args, descriptors }),
  );
  if (exitCode !== 0) throw startError(logFile, exitCode);
  return Number(readFileSync(pidFile, 'utf8'));
}

function startError(logFile: string, exitCode: number | undefined): SandboxError {
  const message = lastLogMessage(logFile) ?? `runc ended with ${exitCode ?? 'a signal'}`;
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
