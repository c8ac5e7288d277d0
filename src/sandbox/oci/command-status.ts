import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { getSystemErrorName } from 'node:util';
import type { CompanionExit } from '../sandbox.ts';
import { SandboxError } from '../sandbox-error.ts';

/** How a command ended. */
export type CommandEnd = { readonly exitCode: number } | { readonly signal: NodeJS.Signals };

/** What process 1 of a sandbox reports of what it runs (native/init.c). */
export interface CommandStatus {
  /**
   * Settles when the command runs, or waits because of its companions; rejects with a `SandboxError` when it cannot be
   * executed.
   */
  readonly started: Promise<void>;
  /** How it ended. When process 1 was killed it can report nothing, and the rest was killed with it. */
  readonly end: Promise<CommandEnd>;
  readonly companionExits: readonly Promise<CompanionExit>[];
}

const MESSAGE_BYTES = 2;
/** What a shell says of a command that it cannot execute. */
const NOT_EXECUTABLE = 127;

/** Reads the messages of two bytes: kind and value. */
export function readCommandStatus(messages: Readable, program: string, companions = 0): CommandStatus {
  const started = Promise.withResolvers<void>();
  const end = Promise.withResolvers<CommandEnd>();
  const companionExits = Array.from({ length: companions }, () => Promise.withResolvers<CompanionExit>());
  let bytes = Buffer.alloc(0);
  let subject: number | undefined;
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
    for (const exit of companionExits) exit.resolve({ signal: 'SIGKILL' });
  });
  messages.on('error', () => undefined);
  started.promise.catch(() => undefined);
  return {
    started: started.promise,
    end: end.promise,
    companionExits: companionExits.map(({ promise }) => promise),
  };

  function onMessage(kind: string, value: number): void {
    const companion = subject === undefined ? undefined : companionExits[subject];
    subject = kind === 'C' ? value : undefined;
    if (companion) return onCompanion(companion.resolve, kind, value);
    if (kind === 'S' || kind === 'W') started.resolve();
    if (kind === 'E') {
      started.reject(cannotExecute(program, value));
      end.resolve({ exitCode: NOT_EXECUTABLE });
    }
    if (kind === 'X') end.resolve({ exitCode: value });
    if (kind === 'K') end.resolve({ signal: signalName(value) });
  }
}

function onCompanion(resolve: (exit: CompanionExit) => void, kind: string, value: number): void {
  if (kind === 'E') resolve({ launchError: getSystemErrorName(-value) });
  if (kind === 'X') resolve({ exitCode: value });
  if (kind === 'K') resolve({ signal: signalName(value) });
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

export function signalName(number: number): NodeJS.Signals {
  for (const [name, value] of Object.entries(constants.signals)) {
    if (value === number) return name as NodeJS.Signals;
  }
  return 'SIGKILL';
}
