import { lstatSync, readlinkSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { SandboxError } from '../sandbox-error.ts';
import type { SandboxSpec, SandboxVolume } from '../sandbox.ts';
import { makeOpenFolder, writeOpenFile } from '../system/folders.ts';
import { PRIVATE_ETC_DIR } from './etc.ts';
import type { ServerLayout } from './layout.ts';

/** Process 1 of every sandbox. */
export const INIT_PATH = '/run/hearth/init';

/** One `mounts` entry of the OCI configuration. */
export interface OciMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** What every root file system of this machine has in common. */
export interface RootPlan {
  /** Name and target of links such as `bin` → `usr/bin`. */
  readonly links: readonly { readonly name: string; readonly to: string }[];
  readonly mounts: readonly OciMount[];
}

const SYSTEM_FOLDERS = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'];
const EMPTY_FOLDERS = ['dev', 'etc', 'home', 'mnt', 'opt', 'proc', 'root', 'run', 'tmp', 'usr', 'var'];
/** What holds the assembled root itself; a mount there would be hidden or impossible. */
const RESERVED = [
  '/',
  '/bin',
  '/dev',
  '/etc',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/proc',
  '/run',
  '/sbin',
  '/tmp',
  '/usr',
];

/** Reads how this machine lays out its system folders: links into /usr, or folders of their own. */
export function planRoot({ sharedEtcDir, initPath }: ServerLayout, etcFolders: readonly string[]): RootPlan {
  const links: { name: string; to: string }[] = [];
  const mounts = [
    bindMount('/usr', '/usr', 'rbind'),
    bindMount(sharedEtcDir, '/etc', 'bind'),
    ...etcFolders.map((name) => bindMount(`/etc/${name}`, `/etc/${name}`, 'rbind')),
    bindMount(initPath, INIT_PATH, 'bind'),
  ];
  for (const name of SYSTEM_FOLDERS) {
    const stat = lstatSync(`/${name}`, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink()) links.push({ name, to: readlinkSync(`/${name}`) });
    else if (stat?.isDirectory()) mounts.push(bindMount(`/${name}`, `/${name}`, 'rbind'));
  }
  return { links, mounts };
}

export function bindMount(source: string, destination: string, kind: 'bind' | 'rbind'): OciMount {
  return { destination, type: 'bind', source, options: [kind, 'ro', 'nosuid', 'nodev'] };
}

/** A volume, from where it is mounted for this one sandbox. */
function volumeMount({ source, target, readOnly }: SandboxVolume): OciMount {
  const options = ['bind', readOnly ? 'ro' : 'rw', 'nosuid', 'nodev'];
  return { destination: target, type: 'bind', source, options };
}

/** Makes one sandbox's root folder with every mount point in it, and returns the mounts that fill it. */
export function assembleRoot(
  root: string,
  plan: RootPlan,
  { mounts, volumes = [], lateMountPoints = [] }: Pick<SandboxSpec, 'mounts' | 'volumes' | 'lateMountPoints'>,
): readonly OciMount[] {
  for (const name of [...EMPTY_FOLDERS, PRIVATE_ETC_DIR]) makeOpenFolder(join(root, name));
  for (const { name, to } of plan.links) symlinkSync(to, join(root, name));
  for (const { source, destination } of plan.mounts) {
    if (!destination.startsWith('/etc/')) makeMountPoint(root, source, destination);
  }
  for (const { source, target } of [...mounts, ...volumes]) {
    refuseReserved(target);
    makeMountPoint(root, source, target);
  }
  for (const target of lateMountPoints) {
    refuseReserved(target);
    makeOpenFolder(join(root, target));
  }
  return [
    ...plan.mounts,
    ...mounts.map(({ source, target }) => bindMount(source, normalize(target), 'bind')),
    ...volumes.map(volumeMount),
  ];
}

function makeMountPoint(root: string, source: string, target: string): void {
  const path = join(root, target);
  const stat = statSync(source, { throwIfNoEntry: false });
  if (!stat) throw new SandboxError(`nothing to mount at ${source}`, { fault: 'machine' });
  if (stat.isDirectory()) return makeOpenFolder(path);
  makeOpenFolder(dirname(path));
  writeOpenFile(path, '');
}

function refuseReserved(target: string): void {
  const inside = (folder: string): boolean =>
    target === folder || (folder !== '/' && target.startsWith(`${folder}/`));
  if (!target.startsWith('/') || normalize(target) !== target || RESERVED.some(inside)) {
    throw new SandboxError(`cannot mount at ${target}`, { fault: 'machine' });
  }
}
