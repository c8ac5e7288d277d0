import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Ids, Log } from '../base/index.ts';
import { awsError, type ImageCode } from '../model/index.ts';
import { fetchImage } from './fetch-image.ts';
import { imageKey } from './image-address.ts';
import type { ImageLaunch } from './image-config.ts';
import { ImageError, PullInterrupted } from './image-error.ts';
import { ImagePuller, type StoredImage } from './image-puller.ts';
import { parseImageReference, resolvedUri } from './image-reference.ts';
import { folderInside } from './layers/inside-root.ts';
import { PullTurns } from './pull-turns.ts';
import { type Logins, operatorLogins } from './registry/logins.ts';
import { isEcrHost, isLoopbackHost, type NamedRegistry } from './registry/registry-address.ts';
import { RegistryClient } from './registry/registry-client.ts';

export interface ImagesOptions {
  /** Made if absent, closed to other users. Nobody else writes to it. */
  readonly folder: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** The registry that ECR's addresses stand for. */
  readonly named?: NamedRegistry | undefined;
  /** Whether every caller may name servers of this machine as registries, or only the operator with `named`. */
  readonly anyLocalRegistry: boolean;
  /** The operator's `config.json` of Docker. */
  readonly dockerConfig: string;
}

/** An image that is ready to run. */
export interface LocalImage extends ImageLaunch {
  /** Its root file system. */
  readonly root: string;
  /** Whether a process inside would find a folder at this path. */
  hasFolder(path: string): boolean;
  /** The folder of the host behind `/opt`, where there is one and its `extensions` are no link. */
  readonly opt?: string;
}

/** A pull that takes longer would not come to an end. */
const LONGEST_PULL_MS = 3_600_000;
/** Whoever creates a function waits for the answer. */
const LONGEST_RESOLVE_MS = 60_000;
/** Each holds a connection to a registry; more than this is a flood. */
const MOST_RESOLVING = 64;

/** Container images: found in registries, pulled once, kept as root file systems. */
export class Images {
  readonly #options: ImagesOptions;
  readonly #logins: Logins;
  readonly #puller: ImagePuller;
  readonly #closing = new AbortController();
  readonly #pulls = new Map<string, Promise<void>>();
  readonly #turns = new PullTurns();
  #resolving = 0;
  /** Everything asked for since a sweep began: the sweep's answer from the database may be older. */
  #wantedLately: Set<string> | undefined;

  private constructor(options: ImagesOptions) {
    this.#options = options;
    this.#logins = operatorLogins(options.dockerConfig, options.named);
    const { ids } = options;
    const [layersFolder, stagingFolder] = [this.#folder('layers'), this.#folder('staging')];
    this.#puller = new ImagePuller({ layersFolder, stagingFolder, ids });
  }

  /** Opens the store and removes what a crash left half made. */
  static async open(options: ImagesOptions): Promise<Images> {
    const images = new Images(options);
    await rm(images.#folder('staging'), { recursive: true, force: true });
    for (const name of ['images', 'layers', 'staging']) {
      mkdirSync(images.#folder(name), { recursive: true, mode: 0o700 });
    }
    return images;
  }

  /** The registry that the operator named, where there is one. */
  get named(): NamedRegistry | undefined {
    return this.#options.named;
  }

  /**
   * What a registry has under an address now. Rejects with `ImageError`. Whoever is not `trusted` (a function) gets images
   * from the registry that the operator named, and makes Hearth ask no other server.
   */
  async resolve(uri: string, { trusted }: { readonly trusted: boolean }): Promise<ImageCode> {
    const reference = parseImageReference(uri);
    this.#admit(reference.host, trusted);
    if (this.#resolving >= MOST_RESOLVING) throw awsError('TooManyRequestsException', 'Rate exceeded');
    this.#resolving++;
    const { digestHex } = await this.#inTime(LONGEST_RESOLVE_MS, (signal) =>
      fetchImage(this.#client(reference, signal), reference),
    ).finally(() => this.#resolving--);
    return { kind: 'image', uri, resolvedUri: resolvedUri(reference, digestHex), digestHex };
  }

  /** Pulls an image unless it is here. Rejects with `ImageError`, or with `PullInterrupted` when this closes. */
  async ensure(code: ImageCode): Promise<void> {
    const key = imageKey(code);
    this.#wantedLately?.add(key);
    if (existsSync(this.#image(key))) return;
    const pulling = this.#pulls.get(key) ?? this.#pull(code, key).finally(() => this.#pulls.delete(key));
    this.#pulls.set(key, pulling);
    await pulling;
  }

  /** The image that `ensure` brought. Rejects with a `ServiceException` where it is gone. */
  async local(code: ImageCode): Promise<LocalImage> {
    const folder = this.#image(imageKey(code));
    const text = await readFile(join(folder, 'facts.json'), 'utf8').catch(() => undefined);
    if (text === undefined) {
      throw awsError('ServiceException', 'The image of this function is no longer on disk. Deploy it again.');
    }
    const { launch } = JSON.parse(text) as StoredImage;
    const root = join(folder, 'root');
    const opt = optWithExtensions(root);
    return {
      ...launch,
      root,
      hasFolder: (path) => folderInside(root, path) !== undefined,
      ...(opt === undefined ? {} : { opt }),
    };
  }

  /**
   * Removes what nothing refers to. `referenced` is asked for the ones among some keys (`imageKey`) that are still in use;
   * layers go with the last image that has them. Answers what it removed.
   */
  async sweep(
    referenced: (keys: readonly string[]) => Promise<ReadonlySet<string>>,
  ): Promise<readonly string[]> {
    if (this.#wantedLately) return [];
    this.#wantedLately = new Set(this.#pulls.keys());
    try {
      const keys = readdirSync(this.#folder('images'));
      const used = await referenced(keys);
      const removed = keys.filter((key) => !used.has(key) && !this.#wantedLately?.has(key));
      const graves = removed.map((key) => this.#bury(this.#image(key)));
      graves.push(...this.#unusedLayers().map((name) => this.#bury(join(this.#folder('layers'), name))));
      await Promise.all(graves.map((grave) => rm(grave, { recursive: true, force: true })));
      return removed;
    } finally {
      this.#wantedLately = undefined;
    }
  }

  /** Ends every pull; they start anew after the next start. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#pulls.values());
  }

  async #pull(code: ImageCode, key: string): Promise<void> {
    await this.#turns.take();
    try {
      const reference = parseImageReference(code.resolvedUri);
      this.#options.log.info({ image: code.resolvedUri }, 'pulling an image');
      await this.#inTime(LONGEST_PULL_MS, (signal) => {
        const client = this.#client(reference, signal);
        return this.#puller.pull({ client, reference, target: this.#image(key), signal });
      });
    } finally {
      this.#turns.give();
    }
  }

  /** Whatever fails after the server began to close failed because of that. */
  async #inTime<T>(mostMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const late = new AbortController();
    const cancel = this.#options.clock.setTimer(mostMs, () => late.abort());
    try {
      return await work(AbortSignal.any([late.signal, this.#closing.signal]));
    } catch (error) {
      if (this.#closing.signal.aborted) throw new PullInterrupted();
      if (late.signal.aborted)
        throw new ImageError('Unreachable', 'the registry took too long', { cause: error });
      throw error;
    } finally {
      cancel();
    }
  }

  #client(reference: ReturnType<typeof parseImageReference>, signal: AbortSignal): RegistryClient {
    const { clock, named } = this.#options;
    return new RegistryClient({ clock, named, logins: this.#logins }, reference, signal);
  }

  #admit(host: string, trusted: boolean): void {
    const { named, anyLocalRegistry } = this.#options;
    if (named !== undefined && (isEcrHost(host) || new URL(named.url).host === host)) return;
    const local = isLoopbackHost(new URL(`http://${host}`).hostname);
    if (trusted && (!local || anyLocalRegistry)) return;
    throw new ImageError(
      'ImageAccessDenied',
      trusted
        ? `${host} is a server of this machine: with --auth keys, its operator names it with --registry`
        : `functions take no images from ${host}: only from the registry that the operator named`,
    );
  }

  /** While something is pulled, a layer may be waiting for its image. */
  #unusedLayers(): readonly string[] {
    if (this.#pulls.size > 0) return [];
    const images = readdirSync(this.#folder('images')).map((key) => this.#image(key));
    const used = new Set(
      images.flatMap(
        (image) => (JSON.parse(readFileSync(join(image, 'facts.json'), 'utf8')) as StoredImage).layers,
      ),
    );
    return readdirSync(this.#folder('layers')).filter((name) => !used.has(name));
  }

  /** Takes a thing out of sight at once; its removal may take longer. */
  #bury(path: string): string {
    const grave = join(this.#folder('staging'), this.#options.ids.uuid());
    renameSync(path, grave);
    return grave;
  }

  #image(key: string): string {
    return join(this.#folder('images'), key);
  }

  #folder(name: string): string {
    return join(this.#options.folder, name);
  }
}

function optWithExtensions(root: string): string | undefined {
  const opt = join(root, 'opt');
  const isFolder = (path: string): boolean => {
    const inside = folderInside(root, path.slice(root.length));
    return inside === path && statSync(path).isDirectory();
  };
  return isFolder(opt) && isFolder(join(opt, 'extensions')) ? opt : undefined;
}
