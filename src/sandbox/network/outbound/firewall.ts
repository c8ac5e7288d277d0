import { networkInterfaces } from 'node:os';
import { runProgram } from '../../run-program.ts';
import { GATEWAY, OWN_NETWORK } from './addresses.ts';
import type { OutboundPrograms } from './programs.ts';

/** The router's end of every sandbox's veth is named `s` and a number, its tap device `uplink`. */
export const SANDBOX_PREFIX = 's';
export const UPLINK_NAME = 'uplink';

/** What one sandbox may have open at once, so that none fills the connection table of all. Lambda's own limit is 1,024 descriptors. */
const MOST_CONNECTIONS_EACH = 2048;

/**
 * Where no sandbox gets: networks that are nobody's, link-local ones (the metadata service of most clouds), other
 * sandboxes, and the metadata services of Alibaba, Azure and Oracle, which live elsewhere.
 */
const FORBIDDEN = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  OWN_NETWORK,
  '224.0.0.0/3',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
];

/**
 * The rules of the router, in its own namespace: the firewall of the host is not touched. What is refused is answered,
 * TCP by a reset (after an ICMP error Linux tries again for a second), so that no client waits for a time-out.
 */
function ruleset(hostAddresses: readonly string[]): string {
  return `
table inet hearth {
  set host { type ipv4_addr; ${elements(hostAddresses)} }
  set connections { type ipv4_addr; size 131072; flags dynamic; }
  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject
  }
  chain input {
    type filter hook input priority filter; policy drop;
    iifname "${SANDBOX_PREFIX}*" ip daddr ${GATEWAY} meta l4proto { tcp, udp } th dport 53 accept
    iifname "${SANDBOX_PREFIX}*" goto refuse
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
    iifname "${UPLINK_NAME}" oifname "${SANDBOX_PREFIX}*" ct state established,related accept
    ip daddr { ${FORBIDDEN.join(', ')} } goto refuse
    ip daddr @host goto refuse
    ct state new add @connections { ip saddr ct count over ${MOST_CONNECTIONS_EACH} } goto refuse
    iifname "${SANDBOX_PREFIX}*" oifname "${UPLINK_NAME}" accept
    iifname "${SANDBOX_PREFIX}*" goto refuse
  }
  chain outward {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "${UPLINK_NAME}" masquerade
  }
}
`;
}

function elements(addresses: readonly string[]): string {
  return addresses.length === 0 ? '' : `elements = { ${addresses.join(', ')} }`;
}

/** Keeps the rules of one router; the host's own addresses are in them, and they change. */
export class Firewall {
  readonly #programs: OutboundPrograms;
  readonly #namespacePath: string;
  #hostAddresses = '';

  private constructor(programs: OutboundPrograms, namespacePath: string) {
    this.#programs = programs;
    this.#namespacePath = namespacePath;
  }

  /** Sets the rules of the namespace up; rejects with the complaint of `nft`. */
  static async open(programs: OutboundPrograms, namespacePath: string): Promise<Firewall> {
    const firewall = new Firewall(programs, namespacePath);
    const addresses = hostAddresses();
    firewall.#hostAddresses = addresses.join();
    await firewall.#load(ruleset(addresses));
    return firewall;
  }

  /** Brings the host's addresses up to date; 30 µs where nothing changed. Servers of the host stay out of reach. */
  async refresh(): Promise<void> {
    const addresses = hostAddresses();
    if (addresses.join() === this.#hostAddresses) return;
    const adding = addresses.length === 0 ? '' : `add element inet hearth host { ${addresses.join(', ')} }\n`;
    await this.#load(`flush set inet hearth host\n${adding}`);
    this.#hostAddresses = addresses.join();
  }

  async #load(rules: string): Promise<void> {
    const { nsenter, nft } = this.#programs;
    const { exitCode, stderr } = await runProgram([nsenter, `--net=${this.#namespacePath}`, nft, rules]);
    if (exitCode !== 0) throw new Error(`nft: ${stderr.trim()}`);
  }
}

function hostAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const ipv4 = all.filter(({ family, internal }) => family === 'IPv4' && !internal);
  return [...new Set(ipv4.map(({ address }) => address))].sort();
}
