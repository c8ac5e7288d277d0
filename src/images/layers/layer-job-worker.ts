import { chmodSync, createReadStream, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { parentPort, workerData } from 'node:worker_threads';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { ImageError, invalidImage } from '../image-error.ts';
import { imageLimits } from '../image-limits.ts';
import type { Compression } from '../manifest.ts';
import { extractLayer } from './extract-layer.ts';
import type { LayerJob, LayerJobAnswer } from './layer-job.ts';
import { MeasuredStream } from './measured-stream.ts';
import { stackLayers } from './stack-layers.ts';
import { readLayerFacts, type StoredLayer } from './stored-layer.ts';

const CHUNK_BYTES = 262_144;

/** Entry of the thread: the one job that it was started with, answered once. */
void perform(workerData as LayerJob).then((answer) => parentPort?.postMessage(answer));

async function perform(job: LayerJob): Promise<LayerJobAnswer> {
  try {
    if (job.kind === 'extract') await extract(job);
    else stack(job.folder, job.layers);
    return { kind: 'done' };
  } catch (error) {
    if (error instanceof ImageError) return { kind: 'invalid', message: error.message };
    const code = error instanceof Error && 'code' in error ? { code: String(error.code) } : {};
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error), ...code };
  }
}

async function extract({
  folder,
  compression,
  diffHex,
  mostBytes,
}: LayerJob & { kind: 'extract' }): Promise<void> {
  const root = makeRoot(folder);
  const blob = join(folder, 'blob');
  const stream = new MeasuredStream(decompressed(blob, compression), mostBytes);
  const facts = await extractLayer(stream.chunks(), root);
  if (stream.digestHex() !== diffHex)
    throw invalidImage('a layer of the image is not what its configuration says');
  const stored: StoredLayer = { ...facts, bytes: stream.bytes };
  writeFileSync(join(folder, 'facts.json'), JSON.stringify(stored), { mode: 0o600 });
  unlinkSync(blob);
}

/** Whoever stops reading ends both streams; that and every error reach the reader alone. */
function decompressed(blob: string, compression: Compression): AsyncIterable<Buffer> {
  const packed = createReadStream(blob, { highWaterMark: CHUNK_BYTES });
  if (compression === 'none') return packed as AsyncIterable<Buffer>;
  const options = { chunkSize: CHUNK_BYTES };
  return pipeline(
    packed,
    compression === 'gzip' ? createGunzip(options) : createZstdDecompress(options),
    () => undefined,
  );
}

/** Open to whoever runs the image, whatever the server's umask is. */
function makeRoot(folder: string): string {
  const root = join(folder, 'root');
  mkdirSync(root);
  chmodSync(root, 0o755);
  return root;
}

function stack(folder: string, layers: readonly string[]): void {
  const root = makeRoot(folder);
  const stored = layers.map((layer) => ({
    ...readLayerFacts(readFileSync(join(layer, 'facts.json'), 'utf8')),
    tree: join(layer, 'root'),
  }));
  if (stored.reduce((sum, { entries }) => sum + entries, 0) > imageLimits.entries) {
    throw invalidImage(`the image has more than ${imageLimits.entries} files`);
  }
  stackLayers(stored, root);
}
