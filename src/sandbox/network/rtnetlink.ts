import { ipv4Bytes, SyscallError, type Syscalls } from '../syscalls.ts';

/**
 * Requests to the kernel's routing socket, as rtnetlink(7) and the headers linux/netlink.h, linux/rtnetlink.h,
 * linux/if_link.h lay them out. What the `ip` program does in 5 ms a start takes microseconds here.
 * Little-endian machines only, which all of Node's Linux builds are, bar s390x.
 */
const RTM_NEWLINK = 16;
const RTM_NEWADDR = 20;

const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const NLM_F_EXCL = 0x200;
const NLM_F_CREATE = 0x400;
const NLMSG_ERROR = 2;
const HEADER_BYTES = 16;

const AF_UNSPEC = 0;
const AF_INET = 2;
const IFF_UP = 1;

const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_HOST = 254;

/** The loopback interface is the first of every namespace. */
export const LOOPBACK_INDEX = 1;

interface Request {
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
}

export function linkUp(index: number): Request {
  return { type: RTM_NEWLINK, flags: 0, body: interfaceInfo(index, IFF_UP) };
}

/** Adds `address`/32 to the interface: local to the machine alone on loopback, with `peer` at the other end of a veth. */
export function addAddress(index: number, address: string, peer = address): Request {
  const head = Buffer.alloc(8);
  head.writeUInt8(AF_INET, 0);
  head.writeUInt8(32, 1);
  head.writeUInt8(index === LOOPBACK_INDEX ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE, 3);
  head.writeUInt32LE(index, 4);
  const body = [head, attribute(IFA_LOCAL, ipv4Bytes(address)), attribute(IFA_ADDRESS, ipv4Bytes(peer))];
  return { type: RTM_NEWADDR, flags: NLM_F_CREATE | NLM_F_EXCL, body: Buffer.concat(body) };
}

/** `struct ifinfomsg`. */
function interfaceInfo(index: number, up: number): Buffer {
  const info = Buffer.alloc(16);
  info.writeUInt8(AF_UNSPEC, 0);
  info.writeInt32LE(index, 4);
  info.writeUInt32LE(up, 8);
  info.writeUInt32LE(up, 12);
  return info;
}

/** `struct rtattr` and its value, padded to four bytes. */
function attribute(type: number, value: Uint8Array): Buffer {
  const length = 4 + value.length;
  const bytes = Buffer.alloc(Math.ceil(length / 4) * 4);
  bytes.writeUInt16LE(length, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.set(value, 4);
  return bytes;
}

/** One datagram that holds all requests; each is answered by an acknowledgement of its own. */
function encode(requests: readonly Request[]): Buffer {
  return Buffer.concat(
    requests.map(({ type, flags, body }, sequence) => {
      const header = Buffer.alloc(HEADER_BYTES);
      header.writeUInt32LE(HEADER_BYTES + body.length, 0);
      header.writeUInt16LE(type, 4);
      header.writeUInt16LE(NLM_F_REQUEST | NLM_F_ACK | flags, 6);
      header.writeUInt32LE(sequence, 8);
      return Buffer.concat([header, body]);
    }),
  );
}

/** Carries out the requests in order, on the calling thread, and throws the first failure as `SyscallError`. */
export function apply(syscalls: Syscalls, socket: number, requests: readonly Request[]): void {
  syscalls.send(socket, encode(requests));
  checkAnswers(syscalls, socket, requests);
}

function checkAnswers(syscalls: Syscalls, socket: number, requests: readonly Request[]): void {
  const answer = Buffer.alloc(4096);
  let failure: SyscallError | undefined;
  for (const request of requests) {
    syscalls.receive(socket, answer);
    const error = answer.readUInt16LE(4) === NLMSG_ERROR ? answer.readInt32LE(HEADER_BYTES) : 0;
    if (error !== 0) failure ??= new SyscallError(`rtnetlink request ${request.type}`, -error);
  }
  if (failure) throw failure;
}
