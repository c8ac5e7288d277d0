import { invariant } from '../../base/index.ts';
import type { NativeFunction, NativeLibrary } from './native.ts';
import { SyscallError } from './native.ts';

/** A program to start: nothing is inherited but what is named here. */
export interface SpawnOptions {
  /** Absolute path. */
  readonly program: string;
  readonly args: readonly string[];
  /** What become its descriptors 1, 2, 3 and so on; 0 is /dev/null. Each above the last of those. */
  readonly descriptors: readonly number[];
}

/** Starts programs with an empty environment in `/`, in process groups of their own; gives the process id. */
export type SpawnProgram = (options: SpawnOptions) => Promise<number>;

/** Enough for the opaque types of any C library: glibc's file actions have 80 bytes, its attributes 336. */
const OPAQUE_BYTES = 512;
const SIGNAL_SET_BYTES = 128;
const SET_PROCESS_GROUP = 0x02;
const SET_DEFAULT_SIGNALS = 0x04;
const SET_SIGNAL_MASK = 0x08;
const O_RDONLY = 0;

/**
 * posix_spawn(3) on a worker thread. Node's own `spawn` forks on the main thread, which copies the page tables of a
 * server of 150 MB and stops every request for 4 ms (17 ms on a busy machine). The child is waited for by its id
 * (`AdoptedChildren`).
 */
export function createSpawner(library: NativeLibrary): SpawnProgram {
  const posixSpawn = library.bind(
    'int posix_spawn(_Out_ int *pid, const char *path, void *actions, void *attributes, const char **argv, const char **envp)',
  );
  const fileActions = bindFileActions(library);
  const attributes = createAttributes(library);
  return async ({ program, args, descriptors }) => {
    const actions = fileActions.create(descriptors);
    const pid = [0];
    try {
      const argv = [program, ...args, null];
      const error = await posixSpawn.callAsync(pid, program, actions, attributes, argv, [null]);
      if (error !== 0) throw new SyscallError(`posix_spawn(${program})`, error);
    } finally {
      fileActions.destroy(actions);
    }
    return pid[0] ?? 0;
  };
}

function bindFileActions(library: NativeLibrary) {
  const bind = (name: string, parameters: string): NativeFunction =>
    library.bind(`int posix_spawn_file_actions_${name}(void *actions${parameters})`);
  const init = bind('init', '');
  const addopen = bind('addopen', ', int fd, const char *path, int flags, uint mode');
  const adddup2 = bind('adddup2', ', int fd, int target');
  const addchdir = bind('addchdir_np', ', const char *path');
  const destroy = bind('destroy', '');
  return {
    create: (descriptors: readonly number[]): Buffer => {
      const clear = descriptors.every((fd) => fd > descriptors.length);
      invariant(clear, 'a descriptor would be overwritten before it is passed on');
      const actions = Buffer.alloc(OPAQUE_BYTES);
      init.call(actions);
      addchdir.call(actions, '/');
      addopen.call(actions, 0, '/dev/null', O_RDONLY, 0);
      for (const [index, fd] of descriptors.entries()) adddup2.call(actions, fd, index + 1);
      return actions;
    },
    destroy: (actions: Buffer): void => void destroy.call(actions),
  };
}

/** Signals as a fresh process has them: Node ignores SIGPIPE, and its worker threads block everything. */
function createAttributes(library: NativeLibrary): Buffer {
  const bind = (name: string, parameter: string): NativeFunction =>
    library.bind(`int posix_spawnattr_${name}(void *attributes${parameter})`);
  const attributes = Buffer.alloc(OPAQUE_BYTES);
  const all = Buffer.alloc(SIGNAL_SET_BYTES);
  library.bind('int sigfillset(void *set)').call(all);
  bind('init', '').call(attributes);
  bind('setsigdefault', ', void *set').call(attributes, all);
  bind('setsigmask', ', void *set').call(attributes, Buffer.alloc(SIGNAL_SET_BYTES));
  bind('setpgroup', ', int group').call(attributes, 0);
  bind('setflags', ', short flags').call(
    attributes,
    SET_PROCESS_GROUP | SET_DEFAULT_SIGNALS | SET_SIGNAL_MASK,
  );
  return attributes;
}
