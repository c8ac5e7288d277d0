import { type Zippable, zipSync } from 'fflate';
import type { PackageEntry } from './read-folder.ts';

/** The earliest time a zip can carry: the same files give the same bytes on every machine and day. */
const ZIP_EPOCH = new Date(1980, 0, 1);
const UNIX = 3;

const modes = { file: 0o100644, executable: 0o100755, symlink: 0o120777 } as const;

/** A deterministic zip archive with Unix modes and symbolic links. */
export function zipEntries(entries: readonly PackageEntry[]): Uint8Array {
  const tree: Zippable = {};
  for (const entry of entries) {
    const mode = entry.kind === 'symlink' ? modes.symlink : entry.executable ? modes.executable : modes.file;
    tree[entry.path] = [entry.content, { mtime: ZIP_EPOCH, os: UNIX, attrs: mode * 2 ** 16, level: 6 }];
  }
  return zipSync(tree);
}
