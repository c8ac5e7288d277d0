import type { Clock, Log } from '../../../base/index.ts';
import type { NetworkSyscalls } from '../syscalls.ts';
import type { Namespaces, NetworkNamespace } from '../namespaces.ts';
import {
  addAddress,
  addDefaultRoute,
  addUnreachableRoute,
  addVethPair,
  applyLater,
  isOperational,
  linkUp,
} from '../rtnetlink.ts';
import { GATEWAY, NumberPool, sandboxAddress } from './addresses.ts';
import { DnsForwarder } from './dns-forwarder.ts';
import { Firewall, SANDBOX_PREFIX } from './firewall.ts';
import { KeptUplink } from './kept-uplink.ts';
import type { OutboundPrograms } from './programs.ts';
import { hostResolvers } from './resolvers.ts';

/** Forwards between the sandboxes' interfaces and the uplink; a source address that is not the sandbox's own is dropped. */
const SETTINGS = {
  'ipv4/ip_forward': '1',
  'ipv4/conf/all/rp_filter': '1',
  'ipv4/conf/default/rp_filter': '1',
};
const DNS = { host: GATEWAY, port: 53 };

/** The first interface after loopback; beyond the router's own, one number for each sandbox. */
const SANDBOX_INDEX = 2;
const FIRST_ROUTER_INDEX = 100;
/** What `pasta` gives its own end: TCP travels in large pieces up to the host's socket. */
const MTU_BYTES = 65_520;
/** Each takes 0.1 ms; the kernel was up to 50 ms late while it tore down other interfaces. */
const MOST_TRIES = 2000;

export interface RouterOptions {
  readonly programs: OutboundPrograms;
  readonly syscalls: NetworkSyscalls;
  readonly namespaces: Namespaces;
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly hostResolvConf: string;
}

/**
 * One namespace per server between its sandboxes and the world. Each sandbox has a veth of its own to it, with one
 * address at each end: no network that sandboxes share, and what one sends to another is refused.
 */
export class Router {
  readonly #syscalls: NetworkSyscalls;
  readonly #namespace: NetworkNamespace;
  readonly #numbers = new NumberPool();
  readonly #uplink: KeptUplink;
  #firewall: Firewall | undefined;
  #dns: DnsForwarder | undefined;
  /** The routing socket is one: requests go one after the other, so that answers are not mixed up. */
  #lastRequest: Promise<void> = Promise.resolve();

  private constructor(options: RouterOptions) {
    this.#syscalls = options.syscalls;
    this.#namespace = options.namespaces.create([DNS, { ...DNS, transport: 'udp' }], SETTINGS);
    this.#uplink = new KeptUplink({ ...options, namespaceFd: this.#namespace.fd });
  }

  /** Rejects where the firewall cannot be set up; a missing uplink is tried again, and `complaint` tells why. */
  static async open(options: RouterOptions): Promise<Router> {
    const router = new Router(options);
    try {
      await Promise.all([router.#protect(options), router.#uplink.start()]);
      return router;
    } catch (error) {
      await router.close();
      throw error;
    }
  }

  /** Why sandboxes have no outbound traffic now. */
  get complaint(): string | undefined {
    return this.#uplink.complaint;
  }

  /** Gives the namespace its way out; gives what to call when the namespace is gone. */
  async connect(sandbox: NetworkNamespace): Promise<() => void> {
    await this.#firewall?.refresh();
    const number = this.#numbers.take();
    try {
      await this.#wire(sandbox, number);
    } catch (error) {
      this.#numbers.release(number);
      throw error;
    }
    return () => this.#numbers.release(number);
  }

  async close(): Promise<void> {
    await this.#uplink.close();
    this.#dns?.close();
    this.#namespace.close();
  }

  async #protect({ programs, clock, hostResolvConf }: RouterOptions): Promise<void> {
    const [tcp = -1, udp = -1] = this.#namespace.bound;
    this.#dns = await DnsForwarder.open({ tcp, udp, clock, resolvers: () => hostResolvers(hostResolvConf) });
    this.#firewall = await Firewall.open(programs, this.#namespace.path);
  }

  async #wire(sandbox: NetworkNamespace, number: number): Promise<void> {
    const address = sandboxAddress(number);
    const near = { index: SANDBOX_INDEX, name: 'eth0' };
    const index = FIRST_ROUTER_INDEX + number;
    const far = { index, name: `${SANDBOX_PREFIX}${number}`, namespaceFd: this.#namespace.fd };
    await applyLater(this.#syscalls, sandbox.routing, [
      addVethPair(near, far, MTU_BYTES),
      addAddress(SANDBOX_INDEX, address, GATEWAY),
      addDefaultRoute(SANDBOX_INDEX, GATEWAY),
      addUnreachableRoute('169.254.0.0', 16),
    ]);
    const request = this.#lastRequest.then(() =>
      applyLater(this.#syscalls, this.#namespace.routing, [
        linkUp(index),
        addAddress(index, GATEWAY, address),
      ]),
    );
    this.#lastRequest = request.catch(() => undefined);
    await request;
    await this.#untilOperational(sandbox);
  }

  /** A first packet sent too early would be lost, and tried again a second later. True at once nearly always. */
  async #untilOperational({ routing }: NetworkNamespace): Promise<void> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      if (await isOperational(this.#syscalls, routing, SANDBOX_INDEX)) return;
    }
  }
}
