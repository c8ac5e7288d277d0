import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A registry that answers whatever a test wants, well-formed or not. */
export interface RawRegistry {
  readonly host: string;
  /** By path, below `/v2/app/`; an absolute one by itself. A later one replaces an earlier one. */
  readonly answers: Map<string, Handler>;
  /** `method path` of everything that was asked, in order. */
  readonly asked: string[];
  stop(): Promise<void>;
}

export async function startRawRegistry(): Promise<RawRegistry> {
  const answers = new Map<string, Handler>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace(/\?.*$/, '');
    asked.push(`${request.method} ${path}`);
    const handler = answers.get(path.replace('/v2/app/', '')) ?? answers.get(path);
    if (handler) handler(request, response);
    else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers,
    asked,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Answers with these bytes. */
export function giving(bytes: Uint8Array | string, type = 'application/octet-stream'): Handler {
  return (_, response) => response.writeHead(200, { 'content-type': type }).end(bytes);
}

export const ociTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

export const goArchitecture = process.arch === 'arm64' ? 'arm64' : 'amd64';

/** How an image shall differ from a good one. */
export interface RawImage {
  /** Tar archives. */
  readonly layers: readonly Buffer[];
  readonly pack?: (archive: Buffer) => Buffer;
  readonly layerType?: string;
  readonly manifestType?: string;
  readonly configType?: string;
  readonly config?: object;
  readonly architecture?: string;
  /** Members of the manifest that replace its own. */
  readonly manifest?: object;
}

/** Puts an image under `app:TAG`; gives the digests of its parts. */
export function putImage(
  { answers }: RawRegistry,
  tag: string,
  image: RawImage,
): { readonly manifestHex: string; readonly configHex: string; readonly layerHexes: readonly string[] } {
  const { pack = gzipSync, layerType = ociTypes.layer, configType = ociTypes.config } = image;
  const mediaType = image.manifestType ?? ociTypes.manifest;
  const packed = image.layers.map((layer) => pack(layer));
  const config = Buffer.from(
    JSON.stringify({
      os: 'linux',
      architecture: image.architecture ?? goArchitecture,
      config: { Cmd: ['/x'] },
      rootfs: { type: 'layers', diff_ids: image.layers.map((layer) => `sha256:${sha256Hex(layer)}`) },
      ...image.config,
    }),
  );
  const describe = (type: string, bytes: Buffer): object => ({
    mediaType: type,
    digest: `sha256:${sha256Hex(bytes)}`,
    size: bytes.length,
  });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: describe(configType, config),
      layers: packed.map((bytes) => describe(layerType, bytes)),
      ...image.manifest,
    }),
  );
  const [manifestHex, configHex] = [sha256Hex(manifest), sha256Hex(config)];
  for (const name of [tag, `sha256:${manifestHex}`])
    answers.set(`manifests/${name}`, giving(manifest, mediaType));
  answers.set(`blobs/sha256:${configHex}`, giving(config));
  for (const bytes of packed) answers.set(`blobs/sha256:${sha256Hex(bytes)}`, giving(bytes));
  return { manifestHex, configHex, layerHexes: packed.map(sha256Hex) };
}
