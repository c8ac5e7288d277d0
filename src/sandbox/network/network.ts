import type { SandboxListener } from '../sandbox.ts';
import { loadSyscalls } from '../syscalls.ts';
import { type OpenListener, openListener } from './listener.ts';
import { Namespaces, type NetworkNamespace } from './namespaces.ts';

/** The network of one sandbox: own loopback, own listeners, outbound traffic, nothing else. */
export interface SandboxNetwork {
  /** A path that holds the network namespace, for the OCI configuration to join. Valid until `destroy`. */
  readonly namespacePath: string;
  /** What `/etc/resolv.conf` inside must say. */
  readonly resolvConf: string;
  /** Ends the listeners and their connections and lets go of the namespace. Idempotent. */
  destroy(): Promise<void>;
}

/** Makes sandbox networks; one per server, with one uplink. */
export interface SandboxNetworks {
  /** One sentence each, as in `SandboxCapabilities`: how outbound traffic goes, or why there is none. */
  readonly gaps: readonly string[];
  create(id: string, listeners: readonly SandboxListener[]): Promise<SandboxNetwork>;
  sweep(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/**
 * Opens the networks of one server. Needs Linux and root (CAP_SYS_ADMIN, CAP_NET_ADMIN); rejects with `SyscallError`
 * where the kernel refuses a network namespace.
 */
export async function openSandboxNetworks(): Promise<SandboxNetworks> {
  const namespaces = new Namespaces(await loadSyscalls());
  const live = new Set<SandboxNetwork>();
  return {
    gaps: ['Functions have no outbound network traffic yet.'],
    async create(_id, listeners) {
      const network = await openNetwork(namespaces.create(listeners), listeners, () => live.delete(network));
      live.add(network);
      return network;
    },
    sweep: async () => [],
    async close() {
      for (const network of live) await network.destroy();
      namespaces.close();
    },
  };
}

async function openNetwork(
  namespace: NetworkNamespace,
  listeners: readonly SandboxListener[],
  onDestroy: () => void,
): Promise<SandboxNetwork> {
  const open: OpenListener[] = [];
  function closeAll(): void {
    for (const listener of open.splice(0)) listener.close();
    namespace.close();
  }
  try {
    for (const [index, listener] of listeners.entries()) {
      open.push(await openListener(namespace.bound[index] ?? -1, listener));
    }
  } catch (error) {
    closeAll();
    throw error;
  }
  return {
    namespacePath: namespace.path,
    resolvConf: '',
    async destroy() {
      onDestroy();
      closeAll();
    },
  };
}
