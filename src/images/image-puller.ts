import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Ids, syncFileSystem } from '../base/index.ts';
import { prepareOwnRoot } from '../sandbox/index.ts';
import { downloadLayer, type FetchedImage, fetchImage } from './fetch-image.ts';
import { layerKey } from './image-address.ts';
import type { ImageLaunch } from './image-config.ts';
import { imageLimits } from './image-limits.ts';
import type { ImageReference } from './image-reference.ts';
import { runLayerJob } from './layers/run-layer-job.ts';
import { readLayerFacts } from './layers/stored-layer.ts';
import { type LayerDescriptor, tooLarge } from './manifest.ts';
import type { RegistryClient } from './registry/registry-client.ts';

/** What stands in an image's `facts.json`. */
export interface StoredImage {
  readonly launch: ImageLaunch;
  /** Names in the folder of layers. */
  readonly layers: readonly string[];
}

interface PullerParts {
  readonly layersFolder: string;
  readonly stagingFolder: string;
  readonly ids: Ids;
}

export interface Pull {
  readonly client: RegistryClient;
  readonly reference: ImageReference;
  /** Where the image goes. */
  readonly target: string;
  readonly signal: AbortSignal;
}

/**
 * Brings images onto this machine. Layers and images are made in a staging folder, flushed, and renamed into place: what is in
 * place is whole, whenever the server was killed. A layer is unpacked once, however many images have it.
 */
export class ImagePuller {
  readonly #parts: PullerParts;
  readonly #layers = new Map<string, Promise<void>>();

  constructor(parts: PullerParts) {
    this.#parts = parts;
  }

  /** Rejects with `ImageError`, or with `PullInterrupted` once the signal aborts. */
  async pull(pull: Pull): Promise<void> {
    const image = await fetchImage(pull.client, pull.reference);
    let leftBytes: number = imageLimits.unpackedBytes;
    const layers: string[] = [];
    for (const [at, layer] of image.layers.entries()) {
      const diffHex = image.diffHexes[at] ?? '';
      const name = layerKey(pull.reference.host, diffHex);
      leftBytes -= await this.#ensureLayer(pull, { name, layer, diffHex, mostBytes: leftBytes });
      layers.push(name);
    }
    await this.#stack(pull, image, layers);
  }

  /** Answers how many bytes the layer has. */
  async #ensureLayer(pull: Pull, wanted: WantedLayer): Promise<number> {
    const folder = join(this.#parts.layersFolder, wanted.name);
    if (!existsSync(folder)) {
      const making =
        this.#layers.get(wanted.name) ??
        this.#makeLayer(pull, wanted).finally(() => this.#layers.delete(wanted.name));
      this.#layers.set(wanted.name, making);
      await making;
    }
    const { bytes } = readLayerFacts(await readFile(join(folder, 'facts.json'), 'utf8'));
    if (bytes > wanted.mostBytes) throw tooLarge();
    return bytes;
  }

  async #makeLayer(
    { client, signal }: Pull,
    { name, layer, diffHex, mostBytes }: WantedLayer,
  ): Promise<void> {
    await this.#inStaging(async (folder) => {
      await downloadLayer(client, layer, join(folder, 'blob'));
      const { compression } = layer;
      await runLayerJob({ kind: 'extract', folder, compression, diffHex, mostBytes }, signal);
      await this.#put(folder, join(this.#parts.layersFolder, name));
    });
  }

  async #stack({ target, signal }: Pull, { launch }: FetchedImage, layers: readonly string[]): Promise<void> {
    await this.#inStaging(async (folder) => {
      const folders = layers.map((name) => join(this.#parts.layersFolder, name));
      await runLayerJob({ kind: 'stack', folder, layers: folders }, signal);
      prepareOwnRoot(join(folder, 'root'));
      const facts: StoredImage = { launch, layers };
      await writeFile(join(folder, 'facts.json'), JSON.stringify(facts), { mode: 0o600 });
      await this.#put(folder, target);
    });
  }

  async #inStaging(make: (folder: string) => Promise<void>): Promise<void> {
    const folder = join(this.#parts.stagingFolder, this.#parts.ids.uuid());
    mkdirSync(folder, { mode: 0o700 });
    try {
      await make(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** One flush of the file system: of 20,000 files each by itself would take seconds. */
  async #put(folder: string, target: string): Promise<void> {
    await syncFileSystem(folder);
    renameSync(folder, target);
    await using parent = await open(join(target, '..'), 'r');
    await parent.sync();
  }
}

interface WantedLayer {
  readonly name: string;
  readonly layer: LayerDescriptor;
  readonly diffHex: string;
  readonly mostBytes: number;
}
