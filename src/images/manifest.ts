import { invalidImage } from './image-error.ts';
import { imageLimits } from './image-limits.ts';

/** A part of an image as a manifest names it. */
export interface Descriptor {
  readonly mediaType: string;
  /** Without `sha256:`. */
  readonly digestHex: string;
  readonly bytes: number;
}

export type Compression = 'none' | 'gzip' | 'zstd';

export interface LayerDescriptor extends Descriptor {
  readonly compression: Compression;
}

/** What a registry answers for a tag: one image, or one for each architecture. */
export type Manifest =
  | { readonly kind: 'image'; readonly config: Descriptor; readonly layers: readonly LayerDescriptor[] }
  | { readonly kind: 'index'; readonly images: readonly PlatformDescriptor[] };

export interface PlatformDescriptor extends Descriptor {
  readonly os?: string;
  readonly architecture?: string;
}

const OCI = 'application/vnd.oci.image';
const DOCKER = 'application/vnd.docker';
const IMAGE_TYPES = [`${OCI}.manifest.v1+json`, `${DOCKER}.distribution.manifest.v2+json`];
const INDEX_TYPES = [`${OCI}.index.v1+json`, `${DOCKER}.distribution.manifest.list.v2+json`];
const CONFIG_TYPES = [`${OCI}.config.v1+json`, `${DOCKER}.container.image.v1+json`];

/** OCI image-spec 1.1 and Docker's schema 2; "nondistributable" and "foreign" ones are taken where the registry has them. */
const LAYER_TYPES: ReadonlyMap<string, Compression> = new Map([
  [`${OCI}.layer.v1.tar`, 'none'],
  [`${OCI}.layer.v1.tar+gzip`, 'gzip'],
  [`${OCI}.layer.v1.tar+zstd`, 'zstd'],
  [`${OCI}.layer.nondistributable.v1.tar`, 'none'],
  [`${OCI}.layer.nondistributable.v1.tar+gzip`, 'gzip'],
  [`${OCI}.layer.nondistributable.v1.tar+zstd`, 'zstd'],
  [`${DOCKER}.image.rootfs.diff.tar`, 'none'],
  [`${DOCKER}.image.rootfs.diff.tar.gzip`, 'gzip'],
  [`${DOCKER}.image.rootfs.diff.tar.zstd`, 'zstd'],
  [`${DOCKER}.image.rootfs.foreign.diff.tar.gzip`, 'gzip'],
]);

export const acceptedManifests = [...IMAGE_TYPES, ...INDEX_TYPES].join(', ');

/** AWS's sentence ends with the address; the caller adds it. */
const UNSUPPORTED = 'The image manifest, config or layer media type is not supported';

/** Reads a manifest or index. `type` is the answer's, which counts where the document names none. Throws `InvalidImage`. */
export function parseManifest(bytes: Buffer, type: string): Manifest {
  const document = parseObject(bytes);
  const named: unknown = Reflect.get(document, 'mediaType');
  const mediaType = typeof named === 'string' ? named : type;
  if (INDEX_TYPES.includes(mediaType)) return { kind: 'index', images: parseIndex(document) };
  if (!IMAGE_TYPES.includes(mediaType)) throw unsupported(mediaType);
  const config = parseDescriptor(Reflect.get(document, 'config'));
  if (!CONFIG_TYPES.includes(config.mediaType)) throw unsupported(config.mediaType);
  const layers = listOf(document, 'layers', imageLimits.layers).map(parseLayer);
  const packed = layers.reduce((sum, layer) => sum + layer.bytes, 0);
  if (packed > imageLimits.packedBytes) throw tooLarge();
  if (config.bytes > imageLimits.configBytes)
    throw invalidImage('the configuration of the image is too large');
  return { kind: 'image', config, layers };
}

/** The image of an index for this machine. Throws `InvalidImage` where it has none. */
export function choosePlatform(images: readonly PlatformDescriptor[], architecture: string): Descriptor {
  const chosen = images.find((image) => image.os === 'linux' && image.architecture === architecture);
  if (chosen) return chosen;
  const offered = images.map((image) => `${image.os ?? '?'}/${image.architecture ?? '?'}`).join(', ');
  throw invalidImage(`the image is there for ${offered.slice(0, 200)}, not for linux/${architecture}`);
}

export function tooLarge(): Error {
  return invalidImage(`the layers of the image have more than ${imageLimits.unpackedBytes} bytes`);
}

function parseIndex(document: object): readonly PlatformDescriptor[] {
  return listOf(document, 'manifests', 1_000).map((entry) => {
    const platform = Object(Reflect.get(Object(entry), 'platform')) as object;
    const [os, architecture] = [textOf(platform, 'os'), textOf(platform, 'architecture')];
    return {
      ...parseDescriptor(entry),
      ...(os === undefined ? {} : { os }),
      ...(architecture === undefined ? {} : { architecture }),
    };
  });
}

function parseLayer(value: unknown): LayerDescriptor {
  const descriptor = parseDescriptor(value);
  const compression = LAYER_TYPES.get(descriptor.mediaType);
  if (compression === undefined) throw unsupported(descriptor.mediaType);
  return { ...descriptor, compression };
}

function parseDescriptor(value: unknown): Descriptor {
  const object = Object(value) as object;
  const digestHex = parseDigest(Reflect.get(object, 'digest'));
  const bytes: unknown = Reflect.get(object, 'size');
  if (typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes < 0) {
    throw invalidImage('the manifest of the image names a part without its size');
  }
  return { mediaType: textOf(object, 'mediaType') ?? '', digestHex, bytes };
}

/** The hexadecimal digits of a SHA-256 digest; other algorithms are not used by registries. */
export function parseDigest(value: unknown): string {
  const hex = typeof value === 'string' ? /^sha256:([0-9a-f]{64})$/.exec(value)?.[1] : undefined;
  if (hex === undefined) throw invalidImage('the image names a part without a SHA-256 digest');
  return hex;
}

export function parseObject(bytes: Buffer): object {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof value === 'object' && value !== null) return value;
  } catch (cause) {
    throw invalidImage('a document of the image is no JSON', cause);
  }
  throw invalidImage('a document of the image is no JSON object');
}

export function listOf(document: object, name: string, most: number): readonly unknown[] {
  const value: unknown = Reflect.get(document, name);
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > most)
    throw invalidImage(`'${name}' of the image is no list of up to ${most}`);
  return value;
}

export function textOf(document: object, name: string): string | undefined {
  const value: unknown = Reflect.get(document, name);
  return typeof value === 'string' ? value : undefined;
}

function unsupported(mediaType: string): Error {
  return invalidImage(`${UNSUPPORTED} (${mediaType.slice(0, 100) || 'none'})`);
}
