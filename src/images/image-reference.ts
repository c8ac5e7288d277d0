import { invalidImage } from './image-error.ts';

/** The parts of an image's address (`host/name:tag@sha256:…`). */
export interface ImageReference {
  /** As it stands in the address: `localhost:5000`, `123456789012.dkr.ecr.us-east-1.amazonaws.com`, `docker.io`. */
  readonly host: string;
  /** `team/app`. */
  readonly repository: string;
  /** `latest` where neither tag nor digest was given. */
  readonly tag?: string;
  /** Without `sha256:`; it counts where both are given. */
  readonly digestHex?: string;
}

const HOST = /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?|\[[0-9a-fA-F:]{2,45}\])(?::\d{1,5})?$/;
const REPOSITORY =
  /^(?=.{1,255}$)[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:([0-9a-f]{64})$/;
const DEFAULT_HOST = 'docker.io';

/** Takes an address apart as Docker does. Throws `InvalidImage` for what is none, and for digests other than SHA-256. */
export function parseImageReference(uri: string): ImageReference {
  const [name = '', digest, ...more] = uri.split('@');
  const { path, host } = splitHost(name);
  const colon = path.lastIndexOf(':');
  const [bare, tag] = colon < 0 ? [path] : [path.slice(0, colon), path.slice(colon + 1)];
  const repository = host === DEFAULT_HOST && !bare.includes('/') ? `library/${bare}` : bare;
  const digestHex = digest === undefined ? undefined : DIGEST.exec(digest)?.[1];
  const wrong =
    more.length > 0 ||
    !HOST.test(host) ||
    !REPOSITORY.test(repository) ||
    (tag !== undefined && !TAG.test(tag)) ||
    (digest !== undefined && digestHex === undefined);
  if (wrong) throw invalidImage(`'${uri.slice(0, 300)}' is not the address of an image`);
  if (digestHex !== undefined) return { host, repository, digestHex };
  return { host, repository, tag: tag ?? 'latest' };
}

/** The first part is a host where it could not be the name of a repository. */
function splitHost(name: string): { readonly host: string; readonly path: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(0, slash));
  const isHost = first === 'localhost' || first.includes('.') || first.includes(':') || first.startsWith('[');
  return isHost ? { host: first, path: name.slice(slash + 1) } : { host: DEFAULT_HOST, path: name };
}

/** `host/name@sha256:…`, which always means the same image. */
export function resolvedUri({ host, repository }: ImageReference, digestHex: string): string {
  return `${host}/${repository}@sha256:${digestHex}`;
}
