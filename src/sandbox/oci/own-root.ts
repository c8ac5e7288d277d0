import { chmodSync, lstatSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SandboxError } from '../sandbox-error.ts';
import { makeOpenFolder } from '../system/folders.ts';
import { PRIVATE_ETC_DIR } from './etc.ts';
import { bindMount, INIT_PATH, type OciMount } from './root.ts';

/** What the platform says of the sandbox itself, in place of the root's own. */
const ETC_FILES = ['hostname', 'hosts', 'resolv.conf'];
const FOLDERS = ['proc', 'dev', 'tmp'];

/**
 * Makes the mount points of a sandbox in a root file system that somebody else made: a link or file in the way goes, files
 * stay. To be called once, before the root is used: sandboxes share it, and none may write to it.
 */
export function prepareOwnRoot(root: string): void {
  for (const name of FOLDERS) requireFolder(root, name);
  for (const name of ETC_FILES) requireFile(root, `etc/${name}`);
  requireFile(root, INIT_PATH.slice(1));
}

/**
 * The mounts of a sandbox that runs from `root` instead of the assembled one; its private files are below `folder`.
 * Throws where the root was not prepared: the OCI runtime would make what is missing, in a folder that others use.
 */
export function ownRootMounts(root: string, folder: string, initPath: string): readonly OciMount[] {
  makeOpenFolder(join(folder, PRIVATE_ETC_DIR));
  const files = ETC_FILES.map((name) =>
    bindMount(join(folder, PRIVATE_ETC_DIR, name), `/etc/${name}`, 'bind'),
  );
  const mounts = [...files, bindMount(initPath, INIT_PATH, 'bind')];
  for (const { destination } of mounts) {
    if (!isPresent(root, destination.slice(1), 'file')) throw unprepared(root, destination);
  }
  for (const name of FOLDERS) if (!isPresent(root, name, 'folder')) throw unprepared(root, name);
  return mounts;
}

function requireFolder(root: string, path: string): void {
  let at = root;
  for (const part of path.split('/')) {
    at = join(at, part);
    const present = lstatSync(at, { throwIfNoEntry: false });
    if (present?.isDirectory()) continue;
    if (present) rmSync(at);
    mkdirSync(at);
    chmodSync(at, 0o755);
  }
}

function requireFile(root: string, path: string): void {
  requireFolder(root, path.slice(0, path.lastIndexOf('/')));
  const at = join(root, path);
  if (lstatSync(at, { throwIfNoEntry: false })?.isFile()) return;
  rmSync(at, { recursive: true, force: true });
  writeFileSync(at, '', { flag: 'wx' });
  chmodSync(at, 0o644);
}

/** Itself, not by a link on the way. */
function isPresent(root: string, path: string, kind: 'file' | 'folder'): boolean {
  const parts = path.split('/');
  return parts.every((_, index) => {
    const stat = lstatSync(join(root, ...parts.slice(0, index + 1)), { throwIfNoEntry: false });
    const isLast = index === parts.length - 1;
    return (isLast && kind === 'file' ? stat?.isFile() : stat?.isDirectory()) ?? false;
  });
}

function unprepared(root: string, path: string): SandboxError {
  return new SandboxError(`the root file system ${root} has no mount point ${path}`, { fault: 'machine' });
}
