import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { GATEWAY } from './addresses.ts';

export interface Resolver {
  readonly host: string;
  readonly port: number;
}

const MOST_RESOLVERS = 3;

/** What the host's own C library would ask, in order. resolv.conf(5). */
export function hostResolvers(file: string): readonly Resolver[] {
  const named = lines(file)
    .map((line) => /^nameserver\s+(\S+)/.exec(line)?.[1] ?? '')
    .filter((host) => isIP(host) !== 0);
  const hosts = named.length === 0 ? ['127.0.0.1'] : named.slice(0, MOST_RESOLVERS);
  return hosts.map((host) => ({ host, port: 53 }));
}

/** `/etc/resolv.conf` of a sandbox: asks the router, with the search list and options of the host. */
export function sandboxResolvConf(file: string): string {
  const kept = lines(file).filter((line) => /^(search|domain|options)\s/.test(line));
  return [`nameserver ${GATEWAY}`, ...kept, ''].join('\n');
}

function lines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}
