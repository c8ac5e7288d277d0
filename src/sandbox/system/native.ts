import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';

/** `errno` belongs to a thread, and that of a worker thread is not passed on. */
const UNKNOWN_ERROR = 'unknown error';

/** A system call that the kernel refused; `code` as in `errno` (`EPERM`), where it is known. */
export class SyscallError extends Error {
  override readonly name = 'SyscallError';
  readonly code: string;

  constructor(syscall: string, errno: number) {
    const code = errno === 0 ? UNKNOWN_ERROR : errorName(errno);
    super(`${syscall}: ${code}`);
    this.code = code;
  }
}

/** Node's own table of names lacks some, ECHILD among them. */
function errorName(errno: number): string {
  const known = Object.entries(constants.errno).find(([, number]) => number === errno);
  return known?.[0] ?? getSystemErrorName(-errno);
}

type NativeArgument = string | number | Uint8Array | number[] | readonly (string | null)[] | null;

/** One C function: `call` on this thread, `callAsync` on a worker thread. Both throw `SyscallError` on -1. */
export interface NativeFunction {
  call(...args: readonly NativeArgument[]): number;
  callAsync(...args: readonly NativeArgument[]): Promise<number>;
}

/** The C library of this process. */
export interface NativeLibrary {
  /** Binds a C prototype that returns `int` or `long`, such as `int umount2(const char *target, int flags)`. */
  bind(prototype: string): NativeFunction;
}

/** Loads the C library that Node itself runs on; rejects where there is no prebuilt `koffi` for the machine. */
export async function loadNativeLibrary(): Promise<NativeLibrary> {
  const { default: koffi } = await import('koffi');
  const library = koffi.load(null);
  const checked = (name: string, result: unknown, errno: () => number): number => {
    if (typeof result !== 'number') throw new TypeError(`${name} did not return a number`);
    if (result === -1) throw new SyscallError(name, errno());
    return result;
  };
  return {
    bind: (prototype) => {
      const native = library.func(prototype);
      const name = /(\w+)\s*\(/.exec(prototype)?.[1] ?? prototype;
      return {
        call: (...args) => checked(name, native(...args), () => koffi.errno()),
        callAsync: async (...args) => {
          const { promise, resolve, reject } = Promise.withResolvers<unknown>();
          native.async(...args, (error: unknown, result: unknown) => {
            if (error) reject(error);
            else resolve(result);
          });
          return checked(name, await promise, () => 0);
        },
      };
    },
  };
}
