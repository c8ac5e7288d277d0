import type { Socket } from 'node:net';
import { type Clock, invariant, type Log } from '../../base/index.ts';
import type { SandboxSpec } from '../sandbox.ts';
import { loadNativeLibrary } from '../system/native.ts';
import { connectToLoopback } from './connect.ts';
import { openListeners } from './listener.ts';
import { Namespaces, type NetworkNamespace } from './namespaces.ts';
import { type Outbound, openOutbound } from './outbound/outbound.ts';
import { sweepUplinks } from './outbound/uplink.ts';
import { type NetworkSyscalls, networkSyscalls } from './syscalls.ts';

/** The network of one sandbox: own loopback, own listeners, outbound traffic, nothing else. */
export interface SandboxNetwork {
  /** A path that holds the network namespace, for the OCI configuration to join. Valid until `destroy`. */
  readonly namespacePath: string;
  /** What `/etc/resolv.conf` inside must say. */
  readonly resolvConf: string;
  /** Connects to a port of the network's own 127.0.0.1. */
  connect(port: number): Promise<Socket>;
  /** Ends the listeners and their connections and lets go of the namespace. Idempotent. */
  destroy(): Promise<void>;
}

/** Makes sandbox networks; one per server, with one uplink. */
export interface SandboxNetworks {
  /** One sentence each, as in `SandboxCapabilities`: how outbound traffic goes, or why there is none. */
  readonly gaps: readonly string[];
  /** What `/etc/resolv.conf` inside must say now. */
  readonly resolvConf: string;
  /** Rejects with `SyscallError` where the kernel refuses. */
  create(listeners: SandboxSpec['listeners'], reach?: SandboxSpec['network']): Promise<SandboxNetwork>;
  /** The same in a fresh namespace that a process made for itself; `path` names it. */
  adopt(
    path: string,
    listeners: SandboxSpec['listeners'],
    reach?: SandboxSpec['network'],
  ): Promise<SandboxNetwork>;
  /** Ends what crashed servers of the same folder left behind; gives a line for each. Leaves live servers alone. */
  sweep(): Promise<readonly string[]>;
  /** Destroys every network and the uplink. */
  close(): Promise<void>;
}

export interface SandboxNetworksOptions {
  /** Private to this server and writable by root alone; made when missing. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** The host's list of DNS resolvers; default `/etc/resolv.conf`. */
  readonly hostResolvConf?: string;
}

/**
 * Opens the networks of one server, in 50 ms. Needs Linux and root (CAP_SYS_ADMIN, CAP_NET_ADMIN). Without `nft` and
 * `pasta` sandboxes have no outbound traffic, and `gaps` says how to mend it.
 */
export async function openSandboxNetworks(options: SandboxNetworksOptions): Promise<SandboxNetworks> {
  const syscalls = networkSyscalls(await loadNativeLibrary());
  const namespaces = new Namespaces(syscalls);
  const outbound = await openOutbound({
    hostResolvConf: '/etc/resolv.conf',
    ...options,
    syscalls,
    namespaces,
  });
  return new Networks(namespaces, outbound, { ...options, syscalls });
}

interface NetworksParts {
  readonly folder: string;
  readonly clock: Clock;
  readonly syscalls: NetworkSyscalls;
}

interface Wanted {
  readonly listeners: SandboxSpec['listeners'];
  readonly reach: 'outbound' | 'none';
}

class Networks implements SandboxNetworks {
  readonly #namespaces: Namespaces;
  readonly #outbound: Outbound;
  readonly #parts: NetworksParts;
  readonly #live = new Set<SandboxNetwork>();
  readonly #creating = new Set<Promise<SandboxNetwork>>();
  #open = true;

  constructor(namespaces: Namespaces, outbound: Outbound, parts: NetworksParts) {
    this.#namespaces = namespaces;
    this.#outbound = outbound;
    this.#parts = parts;
  }

  get gaps(): readonly string[] {
    return this.#outbound.gaps;
  }

  get resolvConf(): string {
    return this.#outbound.resolvConf;
  }

  create(
    listeners: SandboxSpec['listeners'],
    reach: SandboxSpec['network'] = 'outbound',
  ): Promise<SandboxNetwork> {
    return this.#track(() => this.#namespaces.create(listeners), { listeners, reach });
  }

  adopt(
    path: string,
    listeners: SandboxSpec['listeners'],
    reach: SandboxSpec['network'] = 'outbound',
  ): Promise<SandboxNetwork> {
    return this.#track(() => this.#namespaces.adopt(path, listeners), { listeners, reach });
  }

  #track(open: () => NetworkNamespace, wanted: Wanted): Promise<SandboxNetwork> {
    invariant(this.#open, 'a network is asked for after close');
    const creation = this.#create(open, wanted).finally(() => this.#creating.delete(creation));
    this.#creating.add(creation);
    return creation;
  }

  async sweep(): Promise<readonly string[]> {
    return sweepUplinks(this.#parts.folder);
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await Promise.allSettled(this.#creating);
    for (const network of this.#live) await network.destroy();
    await this.#outbound.close();
    this.#namespaces.close();
  }

  async #create(open: () => NetworkNamespace, { listeners, reach }: Wanted): Promise<SandboxNetwork> {
    const namespace = open();
    const undo = [() => namespace.close()];
    try {
      undo.push(...(await openListeners(namespace.bound, listeners, this.#parts)));
      if (reach === 'outbound') undo.push(await this.#outbound.connect(namespace));
    } catch (error) {
      for (const step of undo) step();
      throw error;
    }
    const network: SandboxNetwork = {
      namespacePath: namespace.path,
      resolvConf: reach === 'outbound' ? this.#outbound.resolvConf : '',
      connect: async (port) => connectToLoopback(port, namespace.openSocket()),
      destroy: async () => {
        this.#live.delete(network);
        for (const step of undo.splice(0)) step();
      },
    };
    this.#live.add(network);
    return network;
  }
}
