import { execFile } from 'node:child_process';

export interface ProgramOutcome {
  /** Absent when a signal or the time limit ended the program, or when it could not be started. */
  readonly exitCode?: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunProgramOptions {
  /** The whole environment of the program; empty when absent. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The program is killed after this time; default one minute. */
  readonly timeoutMs?: number;
}

/** Runs one of the host's own programs (never a function's) to its end. Never rejects: a failure is an outcome. */
export type RunProgram = (
  command: readonly [string, ...string[]],
  options?: RunProgramOptions,
) => Promise<ProgramOutcome>;

const OUTPUT_BYTES_MAX = 8_388_608;
const TIMEOUT_MS = 60_000;

export const runProgram: RunProgram = ([program, ...args], { env = {}, cwd, timeoutMs = TIMEOUT_MS } = {}) =>
  new Promise((resolve) => {
    const options = { env, timeout: timeoutMs, maxBuffer: OUTPUT_BYTES_MAX, killSignal: 'SIGKILL' as const };
    const child = execFile(program, args, cwd ? { ...options, cwd } : options, (error, stdout, stderr) => {
      const exitCode = error ? error.code : 0;
      if (typeof exitCode === 'number') resolve({ exitCode, stdout, stderr });
      else resolve({ stdout, stderr: stderr || String(error?.message) });
    });
    child.stdin?.end();
  });
