import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { type ImageDescription, machineArchitecture, parseImageConfig } from './image-config.ts';
import { ImageError, invalidImage } from './image-error.ts';
import { imageLimits } from './image-limits.ts';
import type { ImageReference } from './image-reference.ts';
import {
  acceptedManifests,
  choosePlatform,
  type Descriptor,
  type LayerDescriptor,
  parseManifest,
} from './manifest.ts';
import { cutOff, readBody } from './registry/http-exchange.ts';
import type { RegistryClient } from './registry/registry-client.ts';

/** An image as its registry describes it; nothing of its layers is here yet. */
export interface FetchedImage extends ImageDescription {
  /** Of the manifest for this machine's architecture. */
  readonly digestHex: string;
  readonly layers: readonly LayerDescriptor[];
}

/** Reads manifest and configuration, every digest verified. Rejects with `ImageError`. */
export async function fetchImage(client: RegistryClient, reference: ImageReference): Promise<FetchedImage> {
  const manifest = await fetchManifest(client, reference);
  const config = await client.blob(manifest.config.digestHex, (body) => readDocument(body, manifest.config));
  const description = parseImageConfig(config);
  if (description.diffHexes.length !== manifest.layers.length) {
    throw invalidImage('the configuration of the image does not fit its layers');
  }
  return { ...description, digestHex: manifest.digestHex, layers: manifest.layers };
}

interface ImageManifest {
  readonly digestHex: string;
  readonly config: Descriptor;
  readonly layers: readonly LayerDescriptor[];
}

async function fetchManifest(client: RegistryClient, reference: ImageReference): Promise<ImageManifest> {
  const named = await readManifest(client, reference);
  if (named.manifest.kind === 'image') return { ...named.manifest, digestHex: named.digestHex };
  const { digestHex } = choosePlatform(named.manifest.images, machineArchitecture);
  const chosen = await readManifest(client, { ...reference, digestHex });
  if (chosen.manifest.kind === 'index') throw invalidImage('the index of the image leads to another index');
  return { ...chosen.manifest, digestHex };
}

async function readManifest(client: RegistryClient, { tag, digestHex: expected }: ImageReference) {
  const name = expected === undefined ? (tag ?? 'latest') : `sha256:${expected}`;
  const { bytes, type } = await client.manifest(name, acceptedManifests);
  const digestHex = createHash('sha256').update(bytes).digest('hex');
  if (expected !== undefined && digestHex !== expected) throw otherDigest();
  return { digestHex, manifest: parseManifest(bytes, type) };
}

async function readDocument(body: IncomingMessage, { digestHex }: Descriptor): Promise<Buffer> {
  const bytes = await readBody(body, imageLimits.configBytes);
  if (createHash('sha256').update(bytes).digest('hex') !== digestHex) throw otherDigest();
  return bytes;
}

/** Writes a layer as it comes to a new file. Rejects with `InvalidImage` unless it has the size and digest that were promised. */
export async function downloadLayer(
  client: RegistryClient,
  layer: LayerDescriptor,
  path: string,
): Promise<void> {
  await client.blob(layer.digestHex, async (body) => {
    const hash = createHash('sha256');
    let bytes = 0;
    const measured = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        if (bytes > layer.bytes) throw otherDigest();
        hash.update(chunk);
        yield chunk;
      }
    };
    // A second try starts the file anew.
    await pipeline(body, measured, createWriteStream(path, { mode: 0o600 })).catch(explain);
    if (bytes !== layer.bytes || hash.digest('hex') !== layer.digestHex) throw otherDigest();
  });
}

/** What the disk refuses is said as it is; everything else is the connection. */
function explain(error: unknown): never {
  const code = error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : '';
  const ofTheDisk = /^(ENOSPC|EDQUOT|EIO|EROFS|EFBIG|EACCES|EMFILE|ENFILE)$/.test(code);
  throw error instanceof ImageError || ofTheDisk ? error : cutOff(error);
}

function otherDigest(): ImageError {
  return invalidImage('the registry gave something else than the digest says');
}
