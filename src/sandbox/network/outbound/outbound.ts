import type { Clock, Log } from '../../../base/index.ts';
import type { NetworkSyscalls } from '../syscalls.ts';
import type { Namespaces, NetworkNamespace } from '../namespaces.ts';
import { findOutboundPrograms } from './programs.ts';
import { sandboxResolvConf } from './resolvers.ts';
import { Router } from './router.ts';

/** The way of a server's sandboxes into the world, or the reason why there is none. */
export interface Outbound {
  /** One sentence each: what is missing now, and the command that mends it. */
  readonly gaps: readonly string[];
  /** What `/etc/resolv.conf` inside must say. */
  readonly resolvConf: string;
  /** Connects a namespace; gives what to call when it is gone. */
  connect(sandbox: NetworkNamespace): Promise<() => void>;
  close(): Promise<void>;
}

export interface OutboundOptions {
  readonly syscalls: NetworkSyscalls;
  readonly namespaces: Namespaces;
  /** Private to this server; holds the uplink's process id. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly hostResolvConf: string;
}

/** Sets the router up, 60 ms; where that cannot be, sandboxes have their own loopback and listeners only. */
export async function openOutbound(options: OutboundOptions): Promise<Outbound> {
  try {
    const router = await Router.open({ ...options, programs: findOutboundPrograms() });
    return {
      get gaps() {
        return router.complaint === undefined ? [] : [withoutOutbound(router.complaint)];
      },
      get resolvConf() {
        return sandboxResolvConf(options.hostResolvConf);
      },
      connect: (sandbox) => router.connect(sandbox),
      close: () => router.close(),
    };
  } catch (error) {
    const gaps = [withoutOutbound(error instanceof Error ? error.message : String(error))];
    options.log.warn({ error }, 'Sandboxes have no outbound traffic');
    return { gaps, resolvConf: '', connect: async () => () => undefined, close: async () => undefined };
  }
}

function withoutOutbound(why: string): string {
  return `Functions have no outbound network traffic: ${why}.`;
}
