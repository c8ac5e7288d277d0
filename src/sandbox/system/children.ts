import { MessageChannel } from 'node:worker_threads';
import { type NativeFunction, type NativeLibrary, SyscallError } from './native.ts';

/**
 * Waits for processes that Node did not start itself: programs started by `posix_spawn`, and what `runc run --detach`
 * leaves behind. As "child subreaper" (prctl(2)) this process becomes the parent of such orphans and so learns when
 * they are dead, without keeping one `runc` of 2 MB and eight threads per sandbox.
 */
export interface Children {
  /** Settles when the process ended, with its exit code unless a signal ended it; its process id is free then. */
  waitFor(pid: number): Promise<{ readonly exitCode?: number }>;
  /**
   * The same for a process that leads a process group, and for what it leaves behind in that group: orphans come to us,
   * and one that nobody reaps would hold up the end of a namespace that it is in.
   */
  waitForGroup(leader: number): Promise<void>;
  close(): void;
}

const PR_SET_CHILD_SUBREAPER = 36;
const WNOHANG = 1;
/** Of wait(2)'s status word; the exit code is in the byte above. */
const SIGNAL_BITS = 0x7f;

type Resolve = (end: { readonly exitCode?: number }) => void;

export function adoptOrphans(library: NativeLibrary): Children {
  library
    .bind('int prctl(int option, ulong a, ulong b, ulong c, ulong d)')
    .call(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  const waitpid = library.bind('int waitpid(int pid, _Out_ int *status, int options)');
  const waiting = new Map<number, Resolve>();
  const loop = holdEventLoop();
  const collect = (pid: number, resolve: Resolve): void => {
    const end = reap(waitpid, pid);
    if (!end) return;
    waiting.delete(pid);
    loop.hold(waiting.size > 0);
    resolve(end);
  };
  const waitFor = (pid: number): Promise<{ readonly exitCode?: number }> =>
    new Promise((resolve) => {
      waiting.set(pid, resolve);
      loop.hold(true);
      collect(pid, resolve);
    });
  const onChildSignal = (): void => waiting.forEach((resolve, pid) => collect(pid, resolve));
  process.on('SIGCHLD', onChildSignal);
  return {
    waitFor,
    // waitpid(2) takes the negative id for the group.
    waitForGroup: async (leader) => void (await waitFor(-leader)),
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
function reap(waitpid: NativeFunction, pid: number): { readonly exitCode?: number } | undefined {
  const status = [0];
  try {
    const reaped = waitpid.call(pid, status, WNOHANG);
    if (reaped === 0) return undefined;
    // Of a group, the next one.
    if (reaped !== pid) return reap(waitpid, pid);
  } catch (error) {
    if (error instanceof SyscallError && error.code === 'ECHILD') return {};
    throw error;
  }
  const [word = 0] = status;
  return (word & SIGNAL_BITS) === 0 ? { exitCode: (word >> 8) & 0xff } : {};
}
