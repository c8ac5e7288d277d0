import { SyscallError } from '../system/native.ts';
import { ipv4Bytes, type NetworkSyscalls } from './syscalls.ts';

/**
 * Requests to the kernel's routing socket, as rtnetlink(7) and the headers linux/netlink.h, linux/rtnetlink.h,
 * linux/if_link.h lay them out. What the `ip` program does in 5 ms a start takes microseconds here.
 * Little-endian machines only, which all of Node's Linux builds are, bar s390x.
 */
const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;
const RTM_NEWADDR = 20;
const RTM_NEWROUTE = 24;

const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const NLM_F_EXCL = 0x200;
const NLM_F_CREATE = 0x400;
const NLMSG_ERROR = 2;
const HEADER_BYTES = 16;
const INTERFACE_INFO_BYTES = 16;

const AF_UNSPEC = 0;
const AF_INET = 2;
const IFF_UP = 1;

const NLA_F_NESTED = 0x8000;

const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_OPERSTATE = 16;
const IF_OPER_UP = 6;
const IFLA_LINKINFO = 18;
const IFLA_NET_NS_FD = 28;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const VETH_INFO_PEER = 1;

const RT_TABLE_MAIN = 254;
const RTPROT_STATIC = 4;
const RTN_UNICAST = 1;
const RTN_UNREACHABLE = 7;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;

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

interface VethEnd {
  /** The number that the interface gets, so that nobody has to ask for it. */
  readonly index: number;
  readonly name: string;
}

/** A pair of interfaces: `near`, up, in the namespace of the routing socket, and `far`, still down, in the one that the descriptor holds. */
export function addVethPair(
  near: VethEnd,
  far: VethEnd & { readonly namespaceFd: number },
  mtu: number,
): Request {
  const peer = Buffer.concat([
    interfaceInfo(far.index, 0),
    attribute(IFLA_IFNAME, cString(far.name)),
    attribute(IFLA_MTU, uint32(mtu)),
    attribute(IFLA_NET_NS_FD, uint32(far.namespaceFd)),
  ]);
  const kind = attribute(IFLA_INFO_KIND, cString('veth'));
  const data = nested(IFLA_INFO_DATA, attribute(VETH_INFO_PEER | NLA_F_NESTED, peer));
  const body = [
    interfaceInfo(near.index, IFF_UP),
    attribute(IFLA_IFNAME, cString(near.name)),
    attribute(IFLA_MTU, uint32(mtu)),
    nested(IFLA_LINKINFO, kind, data),
  ];
  return { type: RTM_NEWLINK, flags: NLM_F_CREATE | NLM_F_EXCL, body: Buffer.concat(body) };
}

/** Everything without a nearer route goes to `gateway`, at the other end of the interface. */
export function addDefaultRoute(index: number, gateway: string): Request {
  const attributes = [attribute(RTA_OIF, uint32(index)), attribute(RTA_GATEWAY, ipv4Bytes(gateway))];
  return addRoute(routeInfo(0, RTN_UNICAST), attributes);
}

/** Connecting to an address of the network fails at once, with EHOSTUNREACH. */
export function addUnreachableRoute(network: string, prefixLength: number): Request {
  return addRoute(routeInfo(prefixLength, RTN_UNREACHABLE), [attribute(RTA_DST, ipv4Bytes(network))]);
}

function addRoute(info: Buffer, attributes: readonly Buffer[]): Request {
  return { type: RTM_NEWROUTE, flags: NLM_F_CREATE | NLM_F_EXCL, body: Buffer.concat([info, ...attributes]) };
}

/** `struct rtmsg`. */
function routeInfo(destinationLength: number, type: number): Buffer {
  const noFlags = [0, 0, 0, 0];
  const scope = RT_SCOPE_UNIVERSE;
  return Buffer.from([
    AF_INET,
    destinationLength,
    0,
    0,
    RT_TABLE_MAIN,
    RTPROT_STATIC,
    scope,
    type,
    ...noFlags,
  ]);
}

/** Whether the interface carries packets by now: after both ends of a pair are up, the kernel sees to it in its own time. */
export async function isOperational(
  syscalls: NetworkSyscalls,
  socket: number,
  index: number,
): Promise<boolean> {
  const request: Request = { type: RTM_GETLINK, flags: 0, body: interfaceInfo(index, 0) };
  await syscalls.sendLater(socket, encode([request], NLM_F_REQUEST));
  const answer = Buffer.alloc(16_384);
  const length = syscalls.receive(socket, answer);
  const attributes = answer.subarray(HEADER_BYTES + INTERFACE_INFO_BYTES, length);
  return findAttribute(attributes, IFLA_OPERSTATE)?.[0] === IF_OPER_UP;
}

function findAttribute(attributes: Buffer, wanted: number): Buffer | undefined {
  let offset = 0;
  while (offset + 4 <= attributes.length) {
    const length = Math.max(4, attributes.readUInt16LE(offset));
    if (attributes.readUInt16LE(offset + 2) === wanted)
      return attributes.subarray(offset + 4, offset + length);
    offset += Math.ceil(length / 4) * 4;
  }
  return undefined;
}

/** `struct ifinfomsg`. */
function interfaceInfo(index: number, flags: number): Buffer {
  const info = Buffer.alloc(INTERFACE_INFO_BYTES);
  info.writeUInt8(AF_UNSPEC, 0);
  info.writeInt32LE(index, 4);
  info.writeUInt32LE(flags, 8);
  info.writeUInt32LE(flags, 12);
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

function nested(type: number, ...attributes: readonly Buffer[]): Buffer {
  return attribute(type | NLA_F_NESTED, Buffer.concat(attributes));
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function cString(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

/** One datagram that holds all requests; each is answered by an acknowledgement of its own, if that is asked for. */
function encode(requests: readonly Request[], always = NLM_F_REQUEST | NLM_F_ACK): Buffer {
  return Buffer.concat(
    requests.map(({ type, flags, body }, sequence) => {
      const header = Buffer.alloc(HEADER_BYTES);
      header.writeUInt32LE(HEADER_BYTES + body.length, 0);
      header.writeUInt16LE(type, 4);
      header.writeUInt16LE(always | flags, 6);
      header.writeUInt32LE(sequence, 8);
      return Buffer.concat([header, body]);
    }),
  );
}

/** Carries out the requests in order, on the calling thread, and throws the first failure as `SyscallError`. */
export function apply(syscalls: NetworkSyscalls, socket: number, requests: readonly Request[]): void {
  syscalls.send(socket, encode(requests));
  checkAnswers(syscalls, socket, requests);
}

/** As `apply`, off the calling thread: a request waits up to 30 ms for a lock while other interfaces are torn down. */
export async function applyLater(
  syscalls: NetworkSyscalls,
  socket: number,
  requests: readonly Request[],
): Promise<void> {
  await syscalls.sendLater(socket, encode(requests));
  checkAnswers(syscalls, socket, requests);
}

function checkAnswers(syscalls: NetworkSyscalls, socket: number, requests: readonly Request[]): void {
  const answer = Buffer.alloc(4096);
  let failure: SyscallError | undefined;
  for (const request of requests) {
    syscalls.receive(socket, answer);
    const error = answer.readUInt16LE(4) === NLMSG_ERROR ? answer.readInt32LE(HEADER_BYTES) : 0;
    if (error !== 0) failure ??= new SyscallError(`rtnetlink request ${request.type}`, -error);
  }
  if (failure) throw failure;
}
