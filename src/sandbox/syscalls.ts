import { getSystemErrorName } from 'node:util';

/**
 * The Linux system calls that Node.js lacks and that would cost milliseconds as programs, by `koffi` (200 ns a call).
 * All throw `SyscallError`. "Calling thread" is meant: Node has many, and only one changes its namespace.
 */
export interface Syscalls {
  /** Moves the calling thread into a fresh network namespace. unshare(2), CLONE_NEWNET. */
  unshareNetwork(): void;
  /** Moves the calling thread into the network namespace that `fd` holds. setns(2), CLONE_NEWNET. */
  joinNetwork(fd: number): void;
  /** A close-on-exec socket of the calling thread's network namespace, for good. socket(2). */
  socket(domain: number, type: number, protocol: number): number;
  /** bind(2) to an IPv4 literal. */
  bindIpv4(fd: number, host: string, port: number): void;
  /** send(2). */
  send(fd: number, message: Uint8Array): void;
  /** send(2) on a thread of the pool: for netlink requests, which the kernel carries out while they are sent. */
  sendLater(fd: number, message: Uint8Array): Promise<void>;
  /** recv(2) without waiting; gives the length. */
  receive(fd: number, into: Uint8Array): number;
}

/** A system call that failed: `syscall` as in the manual, `code` as in `errno` (`EPERM`). */
export class SyscallError extends Error {
  override readonly name = 'SyscallError';
  readonly code: string;

  constructor(syscall: string, errno: number) {
    const code = getSystemErrorName(-errno);
    super(`${syscall}: ${code}`);
    this.code = code;
  }
}

export const AF_INET = 2;
export const AF_NETLINK = 16;
export const SOCK_STREAM = 1;
export const SOCK_RAW = 3;

const CLONE_NEWNET = 0x40000000;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;

/**
 * Loads `koffi` and finds the calls in the C library that Node itself is linked to. Costs 6 ms and 7 MiB, hence on
 * first use. Rejects where there is no prebuilt `koffi` for the machine or its C library lacks a call (macOS).
 */
export async function loadSyscalls(): Promise<Syscalls> {
  const { default: koffi } = await import('koffi');
  const libc = koffi.load(null);
  const unshare: (flags: number) => number = libc.func('int unshare(int flags)');
  const setns: (fd: number, type: number) => number = libc.func('int setns(int fd, int type)');
  const socket: (domain: number, type: number, protocol: number) => number = libc.func(
    'int socket(int domain, int type, int protocol)',
  );
  const bind: (fd: number, address: Uint8Array, length: number) => number = libc.func(
    'int bind(int fd, const void *address, uint32_t length)',
  );
  const send = libc.func('long send(int fd, const void *message, size_t length, int flags)');
  const recv: (fd: number, into: Uint8Array, length: number, flags: number) => number = libc.func(
    'long recv(int fd, void *into, size_t length, int flags)',
  );

  function check(name: string, result: number): number {
    if (result < 0) throw new SyscallError(name, koffi.errno());
    return result;
  }

  return {
    unshareNetwork: () => void check('unshare(CLONE_NEWNET)', unshare(CLONE_NEWNET)),
    joinNetwork: (fd) => void check('setns(CLONE_NEWNET)', setns(fd, CLONE_NEWNET)),
    socket: (domain, type, protocol) => check('socket', socket(domain, type | SOCK_CLOEXEC, protocol)),
    bindIpv4(fd, host, port) {
      const address = ipv4SocketAddress(host, port);
      check(`bind(${host}:${port})`, bind(fd, address, address.length));
    },
    send: (fd, message) => void check('send', Number(send(fd, message, message.length, 0))),
    async sendLater(fd, message) {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      send.async(fd, message, message.length, 0, (error: unknown, sent: number) =>
        error ? reject(error) : resolve(sent),
      );
      check('send', await promise);
    },
    receive: (fd, into) => check('recv', recv(fd, into, into.length, MSG_DONTWAIT)),
  };
}

/** `struct sockaddr_in`: family in the machine's order, port and address in network order. */
function ipv4SocketAddress(host: string, port: number): Buffer {
  const address = Buffer.alloc(16);
  address.writeUInt16LE(AF_INET, 0);
  address.writeUInt16BE(port, 2);
  address.set(ipv4Bytes(host), 4);
  return address;
}

/** The four bytes of an IPv4 literal. */
export function ipv4Bytes(address: string): Uint8Array {
  return Uint8Array.from(address.split('.'), Number);
}
