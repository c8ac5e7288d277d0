import { readFileSync } from 'node:fs';
import { exitCodes } from './command.ts';
import { deploy } from './commands/deploy.ts';
import { doctor } from './commands/doctor.ts';
import { invoke } from './commands/invoke.ts';
import { keys } from './commands/keys.ts';
import { list } from './commands/list.ts';
import { logs } from './commands/logs.ts';
import { quickstart } from './commands/quickstart.ts';
import { reset } from './commands/reset.ts';
import { runtimes } from './commands/runtimes.ts';
import { start } from './commands/start.ts';
import { status } from './commands/status.ts';
import { runProgram } from './program.ts';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
// The launcher holds the other end of this channel: when it dies, so does the program.
process.on('disconnect', () => stop.abort());
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.ok);
});

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

process.exitCode = await runProgram(
  [start, quickstart, doctor, deploy, invoke, logs, list, status, runtimes, reset, keys],
  {
    argv: process.argv,
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: stop.signal,
    version: manifest.version,
  },
);
if (process.connected) process.disconnect();
