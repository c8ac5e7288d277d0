import { type Dirent, existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import ignore, { type Ignore } from 'ignore';

/** One entry of a deployment package. Directories are implied by the paths below them. */
export interface PackageEntry {
  /** Relative, with `/`. */
  readonly path: string;
  readonly kind: 'file' | 'symlink';
  /** The file's bytes, or the link's target. */
  readonly content: Uint8Array;
  readonly executable: boolean;
}

export const IGNORE_FILE = '.hearthignore';

/** Never part of a deployment, whatever the ignore file says. */
const neverPackaged = [
  '.git/',
  '.hg/',
  '.svn/',
  '.venv/',
  'venv/',
  '__pycache__/',
  '*.pyc',
  '.DS_Store',
  IGNORE_FILE,
  '.env',
  '.env.*',
];

/** Reads a folder in a fixed order, leaving out what its `.hearthignore` (in .gitignore's syntax) names. */
export function readFolder(root: string): readonly PackageEntry[] {
  const ignoreFile = join(root, IGNORE_FILE);
  const rules = ignore();
  if (existsSync(ignoreFile)) rules.add(readFileSync(ignoreFile, 'utf8'));
  rules.add(neverPackaged);
  return walk(root, '', rules).sort((left, right) => (left.path < right.path ? -1 : 1));
}

function walk(root: string, folder: string, rules: Ignore): PackageEntry[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (rules.ignores(entry.isDirectory() ? `${path}/` : path)) return [];
    return entry.isDirectory() ? walk(root, path, rules) : readEntry(root, path, entry);
  });
}

function readEntry(root: string, path: string, entry: Dirent): PackageEntry[] {
  const full = join(root, path);
  if (entry.isSymbolicLink()) {
    return [{ path, kind: 'symlink', content: Buffer.from(readlinkSync(full)), executable: false }];
  }
  if (!entry.isFile()) return [];
  const executable = (lstatSync(full).mode & 0o111) !== 0;
  return [{ path, kind: 'file', content: readFileSync(full), executable }];
}
