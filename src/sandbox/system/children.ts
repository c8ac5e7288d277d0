import { constants } from 'node:os';
import { MessageChannel } from 'node:worker_threads';
import { type NativeFunction, type NativeLibrary, SyscallError } from './native.ts';

/** How a process ended. */
export type ProcessEnd =
  | { readonly kind: 'exited'; readonly exitCode: number }
  | { readonly kind: 'signalled'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'lost' };

/**
 * Waits for processes that Node did not start itself. `runc run --detach` leaves the command behind as an orphan; as
 * "child subreaper" (prctl(2)) this process becomes its parent and so learns exactly how it ended, without keeping
 * one `runc` of 2 MB and eight threads per sandbox.
 */
export interface AdoptedChildren {
  /** Settles when the adopted process `pid` ended, and frees its process id. */
  waitFor(pid: number): Promise<ProcessEnd>;
  close(): void;
}

const PR_SET_CHILD_SUBREAPER = 36;
const WNOHANG = 1;

export function adoptOrphans(library: NativeLibrary): AdoptedChildren {
  library
    .bind('int prctl(int option, ulong a, ulong b, ulong c, ulong d)')
    .call(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  const waitpid = library.bind('int waitpid(int pid, _Out_ int *status, int options)');
  const waiting = new Map<number, (end: ProcessEnd) => void>();
  const loop = holdEventLoop();
  const collect = (pid: number, resolve: (end: ProcessEnd) => void): void => {
    const end = reap(waitpid, pid);
    if (end === undefined) return;
    waiting.delete(pid);
    loop.hold(waiting.size > 0);
    resolve(end);
  };
  const onChildSignal = (): void => waiting.forEach((resolve, pid) => collect(pid, resolve));
  process.on('SIGCHLD', onChildSignal);
  return {
    waitFor: (pid) =>
      new Promise((resolve) => {
        waiting.set(pid, resolve);
        loop.hold(true);
        collect(pid, resolve);
      }),
    close: () => {
      process.off('SIGCHLD', onChildSignal);
      loop.close();
    },
  };
}

/** Signal handlers let Node end: a server that closes would be gone before its last process is. */
function holdEventLoop(): { hold(held: boolean): void; close(): void } {
  const { port1 } = new MessageChannel();
  port1.on('message', () => undefined);
  const hold = (held: boolean): void => {
    if (held) port1.ref();
    else port1.unref();
  };
  hold(false);
  return { hold, close: () => port1.close() };
}

function reap(waitpid: NativeFunction, pid: number): ProcessEnd | undefined {
  const status = [0];
  try {
    if (waitpid.call(pid, status, WNOHANG) === 0) return undefined;
  } catch (error) {
    if (error instanceof SyscallError && error.code === 'ECHILD') return { kind: 'lost' };
    throw error;
  }
  return decodeStatus(status[0] ?? 0);
}

/** The layout of wait(2): the signal in the low seven bits, else the exit code in the second byte. */
function decodeStatus(status: number): ProcessEnd {
  const signal = status & 0x7f;
  if (signal === 0) return { kind: 'exited', exitCode: (status >> 8) & 0xff };
  return { kind: 'signalled', signal: signalName(signal) };
}

function signalName(number: number): NodeJS.Signals {
  for (const [name, value] of Object.entries(constants.signals)) {
    if (value === number) return name as NodeJS.Signals;
  }
  return 'SIGKILL';
}
