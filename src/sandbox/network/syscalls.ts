import type { NativeLibrary } from '../system/native.ts';

/**
 * The system calls behind network namespaces. All throw `SyscallError`. "Calling thread" is meant: Node has many, and
 * only the one that calls changes its namespace.
 */
export interface NetworkSyscalls {
  /** Moves the calling thread into a fresh network namespace. unshare(2), CLONE_NEWNET. */
  unshareNetwork(): void;
  /** Moves the calling thread into the network namespace that `fd` holds. setns(2), CLONE_NEWNET. */
  joinNetwork(fd: number): void;
  /** A close-on-exec socket of the calling thread's network namespace, for good. socket(2). */
  socket(domain: number, type: number, protocol: number): number;
  /** bind(2) to an IPv4 literal. */
  bindIpv4(fd: number, host: string, port: number): void;
  /** A second descriptor of the same, close-on-exec. fcntl(2). */
  duplicate(fd: number): number;
  /** send(2). */
  send(fd: number, message: Uint8Array): void;
  /** send(2) on a thread of the pool: for netlink requests, which the kernel carries out while they are sent. */
  sendLater(fd: number, message: Uint8Array): Promise<void>;
  /** recv(2) without waiting; gives the length. */
  receive(fd: number, into: Uint8Array): number;
}

export const AF_INET = 2;
export const AF_NETLINK = 16;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;

const CLONE_NEWNET = 0x40000000;
const SOCK_CLOEXEC = 0o2000000;
const F_DUPFD_CLOEXEC = 1030;
const MSG_DONTWAIT = 0x40;

export function networkSyscalls(library: NativeLibrary): NetworkSyscalls {
  const unshare = library.bind('int unshare(int flags)');
  const setns = library.bind('int setns(int fd, int type)');
  const socket = library.bind('int socket(int domain, int type, int protocol)');
  const bind = library.bind('int bind(int fd, const void *address, uint32_t length)');
  const fcntl = library.bind('int fcntl(int fd, int command, int argument)');
  const send = library.bind('long send(int fd, const void *message, size_t length, int flags)');
  const recv = library.bind('long recv(int fd, void *into, size_t length, int flags)');
  return {
    unshareNetwork: () => void unshare.call(CLONE_NEWNET),
    joinNetwork: (fd) => void setns.call(fd, CLONE_NEWNET),
    socket: (domain, type, protocol) => socket.call(domain, type | SOCK_CLOEXEC, protocol),
    bindIpv4(fd, host, port) {
      const address = ipv4SocketAddress(host, port);
      bind.call(fd, address, address.length);
    },
    duplicate: (fd) => fcntl.call(fd, F_DUPFD_CLOEXEC, 0),
    send: (fd, message) => void send.call(fd, message, message.length, 0),
    async sendLater(fd, message) {
      await send.callAsync(fd, message, message.length, 0);
    },
    receive: (fd, into) => recv.call(fd, into, into.length, MSG_DONTWAIT),
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
