import { closeSync, constants, fchownSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { NativeLibrary } from './native.ts';

/** A real pipe. Node's own `'pipe'` is a socket pair, on which a script's `> /dev/stderr` fails with ENXIO. */
export interface OutputPipe {
  readonly readEnd: Readable;
  readonly writeFd: number;
  /** Lets a user open it again by way of /dev/stdout. */
  giveTo(uid: number): void;
  /** Closes our copy of the write end, so that the reader sees the end when the last writer is gone. */
  closeWriteEnd(): void;
}

const O_CLOEXEC = 0o2000000;

export function createPipes(library: NativeLibrary): () => OutputPipe {
  const pipe2 = library.bind('int pipe2(_Out_ int *fds, int flags)');
  return () => {
    const fds = [0, 0];
    pipe2.call(fds, O_CLOEXEC);
    const [readFd = -1, writeFd = -1] = fds;
    return outputPipe(readFd, writeFd);
  };
}

/** Pipes in the file system, for who cannot be handed a descriptor. Both ends are open when this returns. */
export function createNamedPipes(library: NativeLibrary): (path: string) => OutputPipe {
  const mkfifo = library.bind('int mkfifo(const char *path, uint mode)');
  return (path) => {
    mkfifo.call(path, 0o600);
    const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return outputPipe(readFd, openSync(path, constants.O_WRONLY));
  };
}

function outputPipe(readFd: number, writeFd: number): OutputPipe {
  let open = true;
  return {
    readEnd: new Socket({ fd: readFd, readable: true, writable: false }),
    writeFd,
    giveTo: (uid) => fchownSync(writeFd, uid, uid),
    closeWriteEnd: () => {
      if (open) closeSync(writeFd);
      open = false;
    },
  };
}
