import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  futimesSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { invalidImage } from '../image-error.ts';
import { imageLimits } from '../image-limits.ts';
import { entryPath, parentOf, whiteoutOf } from './entry-path.ts';
import { readTar, type TarEntry } from './read-tar.ts';

/** What a layer says beside the files that it brings. Paths are below the root. */
export interface LayerFacts {
  readonly entries: number;
  readonly removed: readonly string[];
  readonly opaque: readonly string[];
  /** Folders that the archive does not name itself: lower layers may have a link in their place, which is followed. */
  readonly implied: readonly string[];
  /** Hard links to files of lower layers: path and what it leads to. */
  readonly linksBelow: readonly (readonly [path: string, target: string])[];
}

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
/** Without the bits that lend their owner's rights. */
const FILE_MODE = 0o777;
const FOLDER_MODE = 0o1777;
const LONGEST_LINK_BYTES = 4_095;

/**
 * Extracts a layer into `root`, an empty folder that nobody else writes to. Everything belongs to Hearth's own user; set-user-id
 * bits go, devices and pipes are left out, extended attributes are not applied. What is on disk is known from memory alone, and
 * nothing is written below anything but a folder made here, so that no link is ever followed. Rejects with `InvalidImage`.
 */
export async function extractLayer(chunks: AsyncIterable<Buffer>, root: string): Promise<LayerFacts> {
  const extraction = new Extraction(root);
  for await (const entry of readTar(chunks)) await extraction.add(entry);
  return extraction.facts();
}

type Kind = 'folder' | 'implied' | 'file' | 'link';

class Extraction {
  readonly #root: string;
  readonly #kinds = new Map<string, Kind>([['', 'folder']]);
  readonly #removed = new Set<string>();
  readonly #opaque = new Set<string>();
  readonly #linksBelow = new Map<string, string>();
  #entries = 0;

  constructor(root: string) {
    this.#root = root;
  }

  async add(entry: TarEntry): Promise<void> {
    this.#entries++;
    if (this.#entries > imageLimits.entries) throw tooMany();
    const path = entryPath(entry.name);
    const whiteout = whiteoutOf(path);
    if (whiteout?.kind === 'removed') this.#removed.add(whiteout.path);
    if (whiteout?.kind === 'opaque') this.#opaque.add(whiteout.path);
    if (whiteout) return;
    const isFolder = entry.type === '5' || (entry.type === '0' && entry.name.endsWith('/'));
    if (isFolder) return this.#addFolder(path, entry);
    if (path === '') throw invalidImage('a layer of the image puts a file in place of its root');
    if (entry.type === '0') return this.#addFile(path, entry);
    if (entry.type === '1') return this.#addHardLink(path, entry);
    if (entry.type === '2') this.#addLink(path, entry);
  }

  facts(): LayerFacts {
    const implied = [...this.#kinds].filter(([, kind]) => kind === 'implied').map(([path]) => path);
    return {
      entries: this.#kinds.size,
      removed: [...this.#removed],
      opaque: [...this.#opaque],
      implied,
      linksBelow: [...this.#linksBelow],
    };
  }

  #addFolder(path: string, { mode }: TarEntry): void {
    const kind = this.#kinds.get(path);
    if (kind !== 'folder' && kind !== 'implied') {
      this.#makeWay(path);
      mkdirSync(this.#at(path));
    }
    this.#kinds.set(path, 'folder');
    // Whoever runs the image must get into it.
    chmodSync(this.#at(path), path === '' ? 0o755 : mode & FOLDER_MODE);
  }

  async #addFile(path: string, entry: TarEntry): Promise<void> {
    this.#makeWay(path);
    const descriptor = openSync(this.#at(path), NEW_FILE, 0o600);
    try {
      for await (const chunk of entry.content()) {
        for (let at = 0; at < chunk.length; ) at += writeSync(descriptor, chunk, at);
      }
      fchmodSync(descriptor, entry.mode & FILE_MODE);
      futimesSync(descriptor, entry.modifiedSeconds, entry.modifiedSeconds);
    } finally {
      closeSync(descriptor);
    }
    this.#kinds.set(path, 'file');
  }

  #addHardLink(path: string, { linkName }: TarEntry): void {
    const target = entryPath(linkName);
    const kind = this.#kinds.get(target);
    if (target === path || kind === 'folder' || kind === 'implied') {
      throw invalidImage(`a layer of the image has a hard link to no file: '${path.slice(0, 200)}'`);
    }
    this.#makeWay(path);
    if (kind === undefined) {
      this.#linksBelow.set(path, target);
      return;
    }
    linkSync(this.#at(target), this.#at(path));
    this.#kinds.set(path, kind);
  }

  /** Where it leads is the business of whoever runs the image, in whose root it is followed. */
  #addLink(path: string, { linkName, modifiedSeconds }: TarEntry): void {
    if (linkName === '' || linkName.includes('\0') || Buffer.byteLength(linkName) > LONGEST_LINK_BYTES) {
      throw invalidImage(`a layer of the image has a link to nowhere: '${path.slice(0, 200)}'`);
    }
    this.#makeWay(path);
    symlinkSync(linkName, this.#at(path));
    lutimesSync(this.#at(path), modifiedSeconds, modifiedSeconds);
    this.#kinds.set(path, 'link');
  }

  /** Makes the folders that lead to `path` and removes what an earlier entry put there. */
  #makeWay(path: string): void {
    const kind = this.#kinds.get(path);
    if (kind === 'folder' || kind === 'implied') {
      throw invalidImage(`a layer of the image has a folder and a file at '${path.slice(0, 200)}'`);
    }
    this.#linksBelow.delete(path);
    if (kind !== undefined) rmSync(this.#at(path));
    this.#imply(parentOf(path));
  }

  #imply(folder: string): void {
    const kind = this.#kinds.get(folder);
    if (kind === 'folder' || kind === 'implied') return;
    if (kind !== undefined) {
      throw invalidImage(
        `a layer of the image has something below a file or link: '${folder.slice(0, 200)}'`,
      );
    }
    this.#imply(parentOf(folder));
    if (this.#kinds.size > imageLimits.entries) throw tooMany();
    mkdirSync(this.#at(folder));
    chmodSync(this.#at(folder), 0o755);
    this.#kinds.set(folder, 'implied');
  }

  #at(path: string): string {
    return join(this.#root, path);
  }
}

function tooMany(): Error {
  return invalidImage(`a layer of the image has more than ${imageLimits.entries} entries`);
}
