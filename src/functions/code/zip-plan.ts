import { limits } from '../../model/index.ts';

/** Why a zip is not taken. `too-large` and `empty` have texts of their own at AWS; everything else is `unreadable`. */
export type ZipRefusal = 'unreadable' | 'too-large' | 'empty';

/** The zip is the caller's fault; `message` says what is wrong with it, for Hearth's own log. */
export class ZipRejected extends Error {
  override readonly name = 'ZipRejected';
  readonly refusal: ZipRefusal;

  constructor(refusal: ZipRefusal, message: string) {
    super(message);
    this.refusal = refusal;
  }
}

/** One record of the central directory, before anything of it is believed. */
export interface ZipEntry {
  readonly name: string;
  readonly compressedBytes: number;
  readonly bytes: number;
  readonly crc32: number;
  readonly method: number;
  readonly encrypted: boolean;
  readonly headerOffset: number;
  /** The Unix mode with its type bits; 0 where the archiver gave none. */
  readonly unixMode: number;
  readonly modifiedMs: number;
}

export interface PlannedFile {
  readonly path: string;
  readonly executable: boolean;
  readonly entry: ZipEntry;
}

export interface PlannedLink {
  readonly path: string;
  readonly entry: ZipEntry;
}

/** What extraction makes, parents before children. Nothing in it leaves the root, except perhaps the links' targets. */
export interface ZipPlan {
  readonly directories: readonly string[];
  readonly files: readonly PlannedFile[];
  readonly links: readonly PlannedLink[];
  /** Sum of the declared sizes. */
  readonly bytes: number;
}

const LONGEST_PATH_BYTES = 1_024;
const LONGEST_NAME_BYTES = 255;
/** Deflate cannot do better than 1,032 to 1 (RFC 1951: 258 bytes for two bits), so a bigger claim is a lie. */
const DEFLATE_BEST_RATIO = 1_032;
export const LONGEST_LINK_BYTES = 1_024;

const TYPE_MASK = 0o170000;
const TYPE_FILE = 0o100000;
const TYPE_DIRECTORY = 0o040000;
const TYPE_LINK = 0o120000;

/** Decides what a zip's directory would put where. Throws `ZipRejected`. */
export function planZip(entries: readonly ZipEntry[]): ZipPlan {
  if (entries.length === 0) throw new ZipRejected('empty', 'no entries');
  const nodes = new Map<string, 'directory' | 'leaf'>();
  const files: PlannedFile[] = [];
  const links: PlannedLink[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const kind = kindOf(entry);
    const path = checkedPath(entry.name);
    addNodes(nodes, path, kind === 'directory' ? 'directory' : 'leaf');
    if (kind === 'directory') continue;
    checkBody(entry, kind);
    bytes += entry.bytes;
    if (bytes > limits.unzippedCodeBytes) throw new ZipRejected('too-large', `${bytes} bytes and more`);
    if (kind === 'link') links.push({ path, entry });
    else files.push({ path, executable: (entry.unixMode & 0o111) !== 0, entry });
  }
  const directories = [...nodes].filter(([, node]) => node === 'directory').map(([path]) => path);
  return { directories, files, links, bytes };
}

function kindOf(entry: ZipEntry): 'file' | 'directory' | 'link' {
  const type = entry.unixMode & TYPE_MASK;
  if (entry.name.endsWith('/')) {
    if (type === 0 || type === TYPE_DIRECTORY) return 'directory';
  } else if (type === 0 || type === TYPE_FILE) {
    return 'file';
  } else if (type === TYPE_LINK) {
    return 'link';
  }
  throw new ZipRejected('unreadable', `entry of type ${type.toString(8)}`);
}

function checkedPath(name: string): string {
  const path = name.endsWith('/') ? name.slice(0, -1) : name;
  if (name.includes('\0') || name.includes('\\')) throw new ZipRejected('unreadable', 'forbidden character');
  if (Buffer.byteLength(path) > LONGEST_PATH_BYTES) throw new ZipRejected('unreadable', 'path too long');
  const parts = path.split('/').filter((part) => part !== '.');
  for (const part of parts) {
    if (part === '' || part === '..') throw new ZipRejected('unreadable', `path with '${part}'`);
    if (Buffer.byteLength(part) > LONGEST_NAME_BYTES) throw new ZipRejected('unreadable', 'name too long');
  }
  return parts.join('/');
}

/** Adds `path` and the folders above it; each path is one thing, and only folders may be named twice. */
function addNodes(nodes: Map<string, 'directory' | 'leaf'>, path: string, kind: 'directory' | 'leaf'): void {
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    addDirectory(nodes, path.slice(0, slash));
  }
  if (kind === 'directory') {
    if (path !== '') addDirectory(nodes, path);
  } else if (path === '' || nodes.has(path)) {
    throw new ZipRejected('unreadable', `'${path}' twice`);
  } else {
    nodes.set(path, 'leaf');
  }
  if (nodes.size > limits.codeEntries) throw new ZipRejected('unreadable', 'too many entries');
}

function addDirectory(nodes: Map<string, 'directory' | 'leaf'>, path: string): void {
  if (nodes.get(path) === 'leaf') throw new ZipRejected('unreadable', `'${path}' is a file and a folder`);
  nodes.set(path, 'directory');
}

function checkBody(entry: ZipEntry, kind: 'file' | 'link'): void {
  if (entry.encrypted) throw new ZipRejected('unreadable', 'encrypted');
  if (entry.method !== 0 && entry.method !== 8) {
    throw new ZipRejected('unreadable', `compression method ${entry.method}`);
  }
  const most =
    entry.method === 0
      ? entry.compressedBytes
      : entry.compressedBytes * DEFLATE_BEST_RATIO + DEFLATE_BEST_RATIO;
  if (entry.bytes > most) throw new ZipRejected('unreadable', 'size beyond what its data can hold');
  if (kind === 'link' && (entry.bytes === 0 || entry.bytes > LONGEST_LINK_BYTES)) {
    throw new ZipRejected('unreadable', 'link target of impossible length');
  }
}
