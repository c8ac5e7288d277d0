import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { CompanionExit, SandboxCompanion, SandboxProgram } from '../sandbox.ts';
import type { OutputPipe } from '../system/pipes.ts';

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
export function startCompanions(
  createPipe: (() => OutputPipe) | undefined,
  options: CompanionOptions,
): readonly StartedCompanion[] {
  const programs = options.program.companions?.programs ?? [];
  return programs.map((path) => {
    const launchError = executionError(path);
    if (launchError === undefined) return startCompanion(path, createPipe?.(), options);
    return { program: path, output: Readable.from([]), exited: Promise.resolve({ launchError }) };
  });
}

function startCompanion(
  path: string,
  pipe: OutputPipe | undefined,
  { spec, program, keepsake: { tmpDir, uid } }: CompanionOptions,
): StartedCompanion {
  const withheld = program.companions?.withheld ?? [];
  const kept = Object.entries(program.env).filter(([name]) => !withheld.includes(name));
  if (uid !== undefined) pipe?.giveTo(uid);
  const child = spawn('/bin/sh', ['-c', MERGE_OUTPUTS, String(spec.openFiles), path], {
    cwd: program.cwd,
    env: { ...Object.fromEntries(kept), TMPDIR: tmpDir },
    stdio: ['ignore', pipe?.writeFd ?? 'pipe', 'ignore'],
    detached: true,
    ...(uid !== undefined && { uid, gid: uid }),
  });
  pipe?.closeWriteEnd();
  return {
    program: path,
    output: pipe?.readEnd ?? child.stdout ?? Readable.from([]),
    exited: endOfCompanion(child),
    ...(child.pid === undefined ? {} : { pid: child.pid }),
  };
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
