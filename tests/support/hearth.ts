import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const root = join(import.meta.dirname, '../..');

/** A real server in a process of its own, on a free port and a fresh data folder. */
export interface RunningHearth {
  readonly endpoint: string;
  readonly dataFolder: string;
  readonly process: ChildProcess;
  /** Everything it printed so far. */
  printed(): string;
  /** SIGTERM, then waits for the end; gives the exit code. Keeps the data folder. */
  stop(): Promise<number | null>;
  /** SIGKILL, as a crash would. */
  kill(): Promise<void>;
  /** Ends it and removes the data folder. */
  dispose(): Promise<void>;
}

export interface HearthSettings {
  readonly args?: readonly string[];
  /** To start again on what an earlier server left. */
  readonly dataFolder?: string;
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** In a process group of its own, like a shell's foreground job. */
  readonly ownGroup?: boolean;
}

/** Starts `bin/hearth.js start` and resolves when it said `Ready.`; rejects with its output when it ended before. */
export async function startHearth(settings: HearthSettings = {}): Promise<RunningHearth> {
  const dataFolder = settings.dataFolder ?? mkdtempSync(join(tmpdir(), 'hearth-test-'));
  const child = spawn(
    process.execPath,
    [
      join(root, 'bin/hearth.js'),
      'start',
      '--port',
      String(settings.port ?? 0),
      '--data-dir',
      dataFolder,
      ...(settings.args ?? []),
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...settings.env },
      detached: settings.ownGroup ?? false,
    },
  );
  const lines: string[] = [];
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  child.stderr.setEncoding('utf8').on('data', (text: string) => lines.push(text.trimEnd()));
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      if (line === 'Ready.') resolve();
    });
    ended.then((code) => reject(new Error(`hearth ended with ${code}:\n${lines.join('\n')}`)), reject);
  });
  const endpoint = /http:\/\/\S+/.exec(lines.join('\n'))?.[0];
  if (endpoint === undefined) throw new Error(`no endpoint in:\n${lines.join('\n')}`);
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return await ended;
  };
  return {
    endpoint,
    dataFolder,
    process: child,
    printed: () => lines.join('\n'),
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
    dispose: async () => {
      await end('SIGTERM');
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}
