import { isIPv4 } from 'node:net';
import { ImageError } from '../image-error.ts';

/** `<account>.dkr.ecr.<region>.amazonaws.com`, with the endings of AWS's partitions. */
const ECR_HOST = /^\d{12}\.dkr\.ecr(-fips)?\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/;

/** The registry that the operator named with `--registry`. */
export interface NamedRegistry {
  /** Without user and password, without a slash at its end. */
  readonly url: string;
  /** `user:password`, where the operator put them into the address. */
  readonly login?: string;
}

/** Reads what `--registry` was given. Throws an `Error` that says what is wrong with it. */
export function parseNamedRegistry(given: string): NamedRegistry {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  const bare = url && url.pathname === '/' && url.search === '' && url.hash === '';
  if (!url || !bare || !['http:', 'https:'].includes(url.protocol)) {
    // A login may stand in it.
    const shown = given.replace(/\/\/.*@/, '//…@');
    throw new Error(
      `--registry takes the address of a registry such as http://127.0.0.1:5000, not '${shown}'`,
    );
  }
  const login = url.username === '' ? undefined : `${decode(url.username)}:${decode(url.password)}`;
  return { url: url.origin, ...(login === undefined ? {} : { login }) };
}

function decode(part: string): string {
  return decodeURIComponent(part);
}

/** Where the registry of an image's host answers; plain HTTP for this machine only, or where the operator said so. */
export function registryUrl(host: string, named: NamedRegistry | undefined): URL {
  if (isEcrHost(host)) {
    if (named) return new URL(named.url);
    throw new ImageError(
      'ImageAccessDenied',
      `${host} stands for a registry of your own: name it when you start Hearth, as in 'hearth start --registry http://127.0.0.1:5000'`,
    );
  }
  if (named && new URL(named.url).host === host) return new URL(named.url);
  if (host === 'docker.io') return new URL('https://registry-1.docker.io');
  return new URL(`${isLoopbackHost(new URL(`http://${host}`).hostname) ? 'http' : 'https'}://${host}`);
}

export function isEcrHost(host: string): boolean {
  return ECR_HOST.test(host);
}

/** Whether a host name of a URL means this machine by itself. */
export function isLoopbackHost(hostname: string): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]') return true;
  return isIPv4(hostname) && hostname.startsWith('127.');
}

/**
 * Whether a registry may send Hearth from one address to another: to HTTPS anywhere but this machine and link-local
 * addresses; a registry of this machine also to itself.
 */
export function mayLead(from: URL, to: URL): boolean {
  if (to.origin === from.origin) return true;
  const local =
    isLoopbackHost(to.hostname) || /^169\.254\.|^\[fe80:|^0\.|^\[::\]|^\[::ffff:/.test(to.hostname);
  if (isLoopbackHost(from.hostname)) return to.protocol === 'https:' || isLoopbackHost(to.hostname);
  return to.protocol === 'https:' && !local;
}
