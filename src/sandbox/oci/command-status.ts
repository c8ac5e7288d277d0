import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { SandboxError } from '../sandbox-error.ts';

/** How a command ended. */
export type CommandEnd = { readonly exitCode: number } | { readonly signal: NodeJS.Signals };

/** What process 1 of a sandbox reports of the command (native/init.c). */
export interface CommandStatus {
  /** Settles when the command runs; rejects with a `SandboxError` when it cannot be executed. */
  readonly started: Promise<void>;
  /** How it ended. When process 1 was killed it can report nothing, and the rest was killed with it. */
  readonly end: Promise<CommandEnd>;
}

const MESSAGE_BYTES = 2;

/** Reads the messages of two bytes: kind and value. At most two of them ever come. */
export function readCommandStatus(messages: Readable, program: string): CommandStatus {
  const started = Promise.withResolvers<void>();
  const end = Promise.withResolvers<CommandEnd>();
  let bytes = Buffer.alloc(0);
  messages.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    for (; bytes.length >= MESSAGE_BYTES; bytes = bytes.subarray(MESSAGE_BYTES)) {
      const [kind = 0, value = 0] = bytes;
      onMessage(String.fromCharCode(kind), value);
    }
  });
  messages.on('close', () => {
    started.reject(new SandboxError('the sandbox ended before its command started', { fault: 'machine' }));
    end.resolve({ signal: 'SIGKILL' });
  });
  messages.on('error', () => undefined);
  started.promise.catch(() => undefined);
  return { started: started.promise, end: end.promise };

  function onMessage(kind: string, value: number): void {
    if (kind === 'S') started.resolve();
    if (kind === 'E') started.reject(cannotExecute(program, value));
    if (kind === 'X') end.resolve({ exitCode: value });
    if (kind === 'K') end.resolve({ signal: signalName(value) });
  }
}

/** The words that Lambda uses for the commonest. */
const EXEC_ERRORS: Readonly<Record<number, string>> = {
  [constants.errno.ENOENT]: 'no such file or directory',
  [constants.errno.EACCES]: 'permission denied',
  [constants.errno.ENOEXEC]: 'exec format error',
};

function cannotExecute(program: string, errno: number): SandboxError {
  const reason = EXEC_ERRORS[errno] ?? `error ${errno}`;
  return new SandboxError(`fork/exec ${program}: ${reason}`, { fault: 'command' });
}

function signalName(number: number): NodeJS.Signals {
  for (const [name, value] of Object.entries(constants.signals)) {
    if (value === number) return name as NodeJS.Signals;
  }
  return 'SIGKILL';
}
