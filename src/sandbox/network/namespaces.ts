import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs';
import { AF_INET, AF_NETLINK, SOCK_DGRAM, SOCK_RAW, SOCK_STREAM, type NetworkSyscalls } from './syscalls.ts';
import { addAddress, apply, LOOPBACK_INDEX, linkUp } from './rtnetlink.ts';

const NETLINK_ROUTE = 0;
/** For interfaces made later; loopback keeps `::1`, since many programs listen on `::`. */
const IPV6_OFF = { 'ipv6/conf/default/disable_ipv6': '1' };
const OWN_NAMESPACE = '/proc/thread-self/ns/net';

/** A TCP address, or a UDP one. Hosts beyond 127.0.0.0/8 are added to the loopback of the namespace. */
interface Address {
  readonly host: string;
  readonly port: number;
  readonly transport?: 'udp' | undefined;
}

/**
 * A network namespace that lives as long as Hearth holds it open: no file, no mount, so a crashed server leaves none.
 * Its loopback is up, and IPv6 stays off on every interface but that one.
 */
export interface NetworkNamespace {
  readonly fd: number;
  /** A path that programs running as root can open while Hearth holds the namespace. */
  readonly path: string;
  /** A routing socket of the namespace, usable from any thread. */
  readonly routing: number;
  /** Sockets bound to the addresses that were asked for, in that order, not yet listening; the taker closes them. */
  readonly bound: readonly number[];
  /** A TCP socket of the namespace, not connected to anything; the taker closes it. Throws `SyscallError`. */
  openSocket(): number;
  close(): void;
}

/** Makes namespaces and works inside them, always returning the calling thread to the namespace it came from. */
export class Namespaces {
  readonly #syscalls: NetworkSyscalls;
  readonly #home: number;
  readonly #always: Readonly<Record<string, string>> = existsSync('/proc/sys/net/ipv6') ? IPV6_OFF : {};

  constructor(syscalls: NetworkSyscalls) {
    this.#syscalls = syscalls;
    this.#home = openSync(OWN_NAMESPACE, 'r');
  }

  /** Makes a namespace with a socket bound to each address and with `settings` below `/proc/sys/net`. */
  create(addresses: readonly Address[], settings: Readonly<Record<string, string>> = {}): NetworkNamespace {
    return this.#furnish(() => this.#syscalls.unshareNetwork(), addresses, settings);
  }

  /** The same with a fresh namespace that somebody else made; `path` names it, such as `/proc/1/ns/net`. */
  adopt(path: string, addresses: readonly Address[]): NetworkNamespace {
    const fd = openSync(path, 'r');
    try {
      return this.#furnish(() => this.#syscalls.joinNetwork(fd), addresses, {});
    } finally {
      closeSync(fd);
    }
  }

  #furnish(
    enter: () => void,
    addresses: readonly Address[],
    settings: Readonly<Record<string, string>>,
  ): NetworkNamespace {
    const opened: number[] = [];
    const keep = (fd: number): number => {
      opened.push(fd);
      return fd;
    };
    try {
      return this.#away(() => {
        enter();
        const fd = keep(openSync(OWN_NAMESPACE, 'r'));
        for (const [name, value] of Object.entries({ ...settings, ...this.#always })) {
          writeFileSync(`/proc/sys/net/${name}`, value);
        }
        const routing = keep(this.#syscalls.socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
        apply(this.#syscalls, routing, loopbackRequests(addresses));
        const bound = addresses.map(({ host, port, transport }) => {
          const type = transport === 'udp' ? SOCK_DGRAM : SOCK_STREAM;
          const socket = keep(this.#syscalls.socket(AF_INET, type, 0));
          this.#syscalls.bindIpv4(socket, host, port);
          return socket;
        });
        return new HeldNamespace(fd, { routing, bound, openSocket: () => this.#openSocket(fd) });
      });
    } catch (error) {
      for (const fd of opened) closeSync(fd);
      throw error;
    }
  }

  close(): void {
    closeSync(this.#home);
  }

  #openSocket(namespace: number): number {
    return this.#away(() => {
      this.#syscalls.joinNetwork(namespace);
      return this.#syscalls.socket(AF_INET, SOCK_STREAM, 0);
    });
  }

  /** Runs `work`, which changes the namespace, and comes back. `work` must not wait: other code would run over there. */
  #away<T>(work: () => T): T {
    try {
      return work();
    } finally {
      this.#return();
    }
  }

  /** A thread stuck in a sandbox's namespace would serve Hearth's own traffic there: better no server than that one. */
  #return(): void {
    try {
      this.#syscalls.joinNetwork(this.#home);
    } catch {
      process.abort();
    }
  }
}

function loopbackRequests(addresses: readonly Address[]) {
  const added = new Set(addresses.map(({ host }) => host).filter((host) => !host.startsWith('127.')));
  return [linkUp(LOOPBACK_INDEX), ...[...added].map((host) => addAddress(LOOPBACK_INDEX, host))];
}

class HeldNamespace implements NetworkNamespace {
  readonly fd: number;
  readonly routing: number;
  readonly bound: readonly number[];
  readonly #openSocket: () => number;
  #open = true;

  constructor(fd: number, parts: Pick<NetworkNamespace, 'routing' | 'bound' | 'openSocket'>) {
    this.fd = fd;
    this.routing = parts.routing;
    this.bound = parts.bound;
    this.#openSocket = parts.openSocket;
  }

  openSocket(): number {
    if (!this.#open) throw new Error('the network namespace is gone');
    return this.#openSocket();
  }

  get path(): string {
    return `/proc/${process.pid}/fd/${this.fd}`;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.routing);
    closeSync(this.fd);
  }
}
