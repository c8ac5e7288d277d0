import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { CompanionExit, SandboxCompanion, SandboxProgram } from '../sandbox.ts';

/** Lowers the limits of the shell and becomes the command: the one portable way to set them for another process. */
export const SET_LIMITS = 'ulimit -c 0; ulimit -n "$0" && exec "$@"';
/** One companion, and how to signal the group that it leads. */
export interface StartedCompanion extends SandboxCompanion {
  /** Absent where it could not be executed. */
  readonly pid?: number;
}

/** Standard error goes where standard output goes. */
const MERGE_OUTPUTS = `exec 2>&1; ${SET_LIMITS}`;

interface CompanionOptions {
  readonly spec: { readonly openFiles: number };
  readonly program: SandboxProgram;
  readonly keepsake: { readonly tmpDir: string; readonly uid: number | undefined };
}

/** Starts what runs beside the command, each in a process group of its own. */
export function startCompanions({ spec, program, keepsake }: CompanionOptions): readonly StartedCompanion[] {
  const { programs = [], withheld = [] } = program.companions ?? {};
  const kept = Object.entries(program.env).filter(([name]) => !withheld.includes(name));
  const env = { ...Object.fromEntries(kept), TMPDIR: keepsake.tmpDir };
  return programs.map((path) => {
    const launchError = executionError(path);
    if (launchError !== undefined) {
      return { program: path, output: Readable.from([]), exited: Promise.resolve({ launchError }) };
    }
    const child = spawn('/bin/sh', ['-c', MERGE_OUTPUTS, String(spec.openFiles), path], {
      cwd: program.cwd,
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
      ...(keepsake.uid !== undefined && { uid: keepsake.uid, gid: keepsake.uid }),
    });
    const exited = endOfCompanion(child);
    return {
      program: path,
      output: child.stdout ?? Readable.from([]),
      exited,
      ...(child.pid === undefined ? {} : { pid: child.pid }),
    };
  });
}

function executionError(path: string): string | undefined {
  if (!existsSync(path)) return 'ENOENT';
  return isExecutable(path) && statSync(path).isFile() ? undefined : 'EACCES';
}

async function endOfCompanion(child: ChildProcess): Promise<CompanionExit> {
  try {
    return await endOf(child);
  } catch {
    return { launchError: 'EAGAIN' };
  }
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export async function endOf(child: ChildProcess): Promise<{ exitCode: number } | { signal: NodeJS.Signals }> {
  const [exitCode, signal]: unknown[] = await once(child, 'exit');
  if (typeof exitCode === 'number') return { exitCode };
  return { signal: signal as NodeJS.Signals };
}
