import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type Ids, invariant } from '../../base/index.ts';
import { awsError, limits } from '../../model/index.ts';
import { CodeWorker } from './code-worker.ts';

/** One archive that is on disk, extracted, under the hash of its content. */
export interface StoredCode {
  readonly sha256Hex: string;
  readonly zippedBytes: number;
  readonly unzippedBytes: number;
}

interface CodeStoreParts {
  /** Made if absent. Nobody else writes to it. */
  readonly folder: string;
  readonly clock: Clock;
  readonly ids: Ids;
}

/**
 * Code and layers as content-addressed files. A thing is in `objects/<sha256>` (archive, extracted root, facts) or
 * `merged/<key>` (several layers laid over one another) or not at all: it is made elsewhere and renamed into place.
 */
export class CodeStore {
  readonly #objects: string;
  readonly #merged: string;
  readonly #staging: string;
  readonly #ids: Ids;
  readonly #worker: CodeWorker;
  readonly #held = new Map<string, number>();
  readonly #merging = new Map<string, Promise<string>>();
  /** Everything held since a sweep began: the sweep's answer from the database may be older. */
  #heldLately: Set<string> | undefined;

  private constructor(parts: CodeStoreParts) {
    this.#objects = join(parts.folder, 'objects');
    this.#merged = join(parts.folder, 'merged');
    this.#staging = join(parts.folder, 'staging');
    this.#ids = parts.ids;
    this.#worker = new CodeWorker(parts.clock);
  }

  /** Opens the store and removes what a crash left half made. */
  static async open(parts: CodeStoreParts): Promise<CodeStore> {
    const store = new CodeStore(parts);
    await rm(store.#staging, { recursive: true, force: true });
    for (const folder of [store.#objects, store.#merged, store.#staging]) {
      mkdirSync(folder, { recursive: true });
      chmodSync(folder, 0o755);
    }
    return store;
  }

  /**
   * Stores an archive, then calls `use`, during which it is safe from `sweep`; afterwards only what the database refers
   * to is. Rejects with `ZipRejected`, or 413 where the archive is over 50 MB.
   */
  async keep<T>(zip: Uint8Array, use: (stored: StoredCode) => Promise<T>): Promise<T> {
    if (zip.byteLength > limits.zippedCodeBytes) {
      throw awsError(
        'RequestEntityTooLargeException',
        `Zipped size must be smaller than ${limits.zippedCodeBytes} bytes`,
      );
    }
    const folder = join(this.#staging, this.#ids.uuid());
    let held: string | undefined;
    try {
      mkdirSync(folder);
      await writeDurably(join(folder, 'archive.zip'), zip);
      const done = await this.#worker.run({ kind: 'extract', folder, objects: this.#objects });
      invariant(done.kind !== 'merged', 'an extraction is no merge');
      held = done.sha256Hex;
      this.#hold(held);
      if (done.kind === 'extracted') {
        const facts = { ...done.facts, zippedBytes: zip.byteLength };
        await writeDurably(join(folder, 'facts.json'), Buffer.from(JSON.stringify(facts)));
      }
      // Between the worker's look and the hold a sweep may have taken it: then the archive is still at hand.
      if (!existsSync(this.#object(held))) {
        if (done.kind === 'present') return await this.#again(zip, use);
        renameSync(folder, this.#object(held));
        await syncFolder(this.#objects);
      }
      return await use(await this.describe(held));
    } finally {
      if (held !== undefined) this.#release(held);
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Sizes of what is stored under a hash; rejects where nothing is. */
  async describe(sha256Hex: string): Promise<StoredCode> {
    const text = await readFile(join(this.#object(sha256Hex), 'facts.json'), 'utf8');
    const { zippedBytes, unzippedBytes } = JSON.parse(text) as StoredCode;
    return { sha256Hex, zippedBytes, unzippedBytes };
  }

  archivePath(sha256Hex: string): string {
    return join(this.#object(sha256Hex), 'archive.zip');
  }

  /** The extracted tree, for `/var/task` or a single layer's `/opt`. Throws where it is not there. */
  root(sha256Hex: string): string {
    return existingFolder(join(this.#object(sha256Hex), 'root'));
  }

  /** Several trees laid over one another in order, made on first use. */
  mergedRoot(hashes: readonly string[]): Promise<string> {
    const key = mergedKey(hashes);
    const made = this.#merging.get(key) ?? this.#merge(key, hashes).finally(() => this.#merging.delete(key));
    this.#merging.set(key, made);
    return made;
  }

  /**
   * Removes what nothing refers to. `referenced` is asked for the ones among some keys (hashes and `mergedKey`s) that
   * are still in use. Answers what it removed.
   */
  async sweep(
    referenced: (keys: readonly string[]) => Promise<ReadonlySet<string>>,
  ): Promise<readonly string[]> {
    if (this.#heldLately) return [];
    this.#heldLately = new Set(this.#held.keys());
    try {
      const keys = [...(await readdir(this.#objects)), ...(await readdir(this.#merged))];
      const used = await referenced(keys);
      const removed = keys.filter((key) => !used.has(key) && !this.#heldLately?.has(key));
      const graves = removed.map((key) => this.#bury(key));
      await Promise.all(graves.map((grave) => rm(grave, { recursive: true, force: true })));
      return removed;
    } finally {
      this.#heldLately = undefined;
    }
  }

  async close(): Promise<void> {
    await this.#worker.close();
  }

  #again<T>(zip: Uint8Array, use: (stored: StoredCode) => Promise<T>): Promise<T> {
    return this.keep(zip, use);
  }

  async #merge(key: string, hashes: readonly string[]): Promise<string> {
    const target = join(this.#merged, key);
    this.#hold(key);
    const folder = join(this.#staging, this.#ids.uuid());
    try {
      if (!existsSync(target)) {
        mkdirSync(folder);
        const trees = hashes.map((hash) => this.root(hash));
        await this.#worker.run({ kind: 'merge', folder, trees });
        renameSync(folder, target);
      }
      return existingFolder(join(target, 'root'));
    } finally {
      this.#release(key);
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Takes a thing out of sight at once; its removal may take longer. */
  #bury(key: string): string {
    const grave = join(this.#staging, this.#ids.uuid());
    renameSync(join(key.startsWith('merged-') ? this.#merged : this.#objects, key), grave);
    return grave;
  }

  #object(sha256Hex: string): string {
    invariant(/^[0-9a-f]{64}$/.test(sha256Hex), 'code is named by its hash');
    return join(this.#objects, sha256Hex);
  }

  #hold(key: string): void {
    this.#held.set(key, (this.#held.get(key) ?? 0) + 1);
    this.#heldLately?.add(key);
  }

  #release(key: string): void {
    const left = (this.#held.get(key) ?? 1) - 1;
    if (left === 0) this.#held.delete(key);
    else this.#held.set(key, left);
  }
}

/** Names the `/opt` of several layers: the hash of their hashes, in order. */
export function mergedKey(hashes: readonly string[]): string {
  return `merged-${createHash('sha256').update(hashes.join('\n')).digest('hex')}`;
}

function existingFolder(path: string): string {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw awsError('ServiceException', 'The code of this function is no longer on disk. Deploy it again.');
  }
  return path;
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  await file.writeFile(bytes);
  await file.datasync();
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
