import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import {
  chmod,
  copyFile,
  link,
  lstat,
  mkdir,
  opendir,
  readlink,
  rename,
  rm,
  symlink,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Makes mounts reachable for a user id that owns nothing. A command that root starts without a mount namespace cannot
 * enter `/root`, where the data folder and interpreters often are: what lies behind a closed folder is linked, or
 * copied across file systems, to an open one; once for each state of the source.
 */
export class Staging {
  readonly #folder: string;
  readonly #staged = new Map<string, Promise<string>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The path by which everybody may read `source`. */
  reachable(source: string): Promise<string> {
    if (isOpenToAll(source)) return Promise.resolve(source);
    const name = createHash('sha256')
      .update(`${source} ${statSync(source).mtimeMs}`)
      .digest('hex')
      .slice(0, 16);
    const known = this.#staged.get(name);
    if (known) return known;
    const staged = stage(source, join(this.#folder, name));
    this.#staged.set(name, staged);
    staged.catch(() => this.#staged.delete(name));
    return staged;
  }
}

const OTHERS_MAY_ENTER = 0o001;
const OTHERS_MAY_READ = 0o004;

function isOpenToAll(path: string): boolean {
  if ((statSync(path).mode & OTHERS_MAY_READ) === 0) return false;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & OTHERS_MAY_ENTER) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** Renamed into place, so that a folder half staged by a killed server is never used. */
async function stage(source: string, target: string): Promise<string> {
  if (existsSync(target)) return target;
  const draft = `${target}.draft`;
  await rm(draft, { recursive: true, force: true });
  await stageEntry(source, draft);
  await rename(draft, target);
  return target;
}

async function stageEntry(source: string, target: string): Promise<void> {
  const stat = await lstat(source);
  if (stat.isSymbolicLink()) return symlink(await readlink(source), target);
  if (stat.isFile()) return stageFile(source, target, stat.mode);
  if (!stat.isDirectory()) return;
  await mkdir(target, { mode: 0o755 });
  for await (const entry of await opendir(source))
    await stageEntry(join(source, entry.name), join(target, entry.name));
}

/** A link keeps the file's own mode, so a file closed to others is copied instead. */
async function stageFile(source: string, target: string, mode: number): Promise<void> {
  if ((mode & OTHERS_MAY_READ) !== 0) {
    try {
      return await link(source, target);
    } catch {
      // Another file system, or one without links.
    }
  }
  await copyFile(source, target);
  await chmod(target, (mode & 0o111) === 0 ? 0o644 : 0o755);
}
