import type { SandboxListener } from '../sandbox.ts';

/** The network of one sandbox: own loopback, own listeners, outbound traffic, nothing else. */
export interface SandboxNetwork {
  /** A file that holds the network namespace, for the OCI configuration to join. */
  readonly namespacePath: string;
  /** What `/etc/resolv.conf` inside must say. */
  readonly resolvConf: string;
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
