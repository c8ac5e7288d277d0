import { MessageChannel } from 'node:worker_threads';
import { type NativeFunction, type NativeLibrary, SyscallError } from './native.ts';

/**
 * Waits for processes that Node did not start itself. `runc run --detach` leaves the command behind as an orphan; as
 * "child subreaper" (prctl(2)) this process becomes its parent and so learns when it is dead, without keeping
 * one `runc` of 2 MB and eight threads per sandbox.
 */
export interface AdoptedChildren {
  /** Settles when the adopted process `pid` ended, and frees its process id. */
  waitFor(pid: number): Promise<void>;
  close(): void;
}

const PR_SET_CHILD_SUBREAPER = 36;
const WNOHANG = 1;

export function adoptOrphans(library: NativeLibrary): AdoptedChildren {
  library
    .bind('int prctl(int option, ulong a, ulong b, ulong c, ulong d)')
    .call(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  const waitpid = library.bind('int waitpid(int pid, int *status, int options)');
  const waiting = new Map<number, () => void>();
  const loop = holdEventLoop();
  const collect = (pid: number, resolve: () => void): void => {
    if (!isDead(waitpid, pid)) return;
    waiting.delete(pid);
    loop.hold(waiting.size > 0);
    resolve();
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

/** Frees the id of a dead process. One that is not our child (any more) is as good as dead. */
function isDead(waitpid: NativeFunction, pid: number): boolean {
  try {
    return waitpid.call(pid, null, WNOHANG) !== 0;
  } catch (error) {
    if (error instanceof SyscallError && error.code === 'ECHILD') return true;
    throw error;
  }
}
