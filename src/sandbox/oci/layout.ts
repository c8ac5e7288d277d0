import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, realpathSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MOUNT_NODEV, MOUNT_NOSUID, type Mounter, mountPointsUnder } from '../system/mounts.ts';

/** Where one server keeps what belongs to its sandboxes, apart from every other server's. */
export interface ServerLayout {
  /** Short hash of the state folder; names everything that is shared with other servers of this machine. */
  readonly hash: string;
  /** Short, since socket paths may have 107 bytes. */
  readonly runDir: string;
  /** One folder for each sandbox. */
  readonly sandboxesDir: string;
  readonly runcDir: string;
  readonly sharedEtcDir: string;
  readonly networkDir: string;
  readonly diskMountsDir: string;
  readonly diskImagesDir: string;
  /** Mount points of volumes: never emptied by content, since what is mounted there is a user's. */
  readonly volumesDir: string;
  /** Process 1 of every sandbox. */
  readonly initPath: string;
  /** What forks a sandbox (native/fork-x64.c). */
  readonly forkPath: string;
  /** Name of the control group that holds all of this server's. */
  readonly cgroup: string;
}

/** Where the server with this state folder, which must exist, keeps things. */
export function layoutOf(stateDir: string, runBase: string): ServerLayout {
  const hash = createHash('sha256').update(realpathSync(stateDir)).digest('hex').slice(0, 8);
  const runDir = join(runBase, hash);
  return {
    hash,
    runDir,
    sandboxesDir: join(runDir, 'sandboxes'),
    runcDir: join(runDir, 'runc'),
    sharedEtcDir: join(runDir, 'etc'),
    networkDir: join(runDir, 'network'),
    diskMountsDir: join(runDir, 'disks'),
    volumesDir: join(runDir, 'volumes'),
    initPath: join(runDir, 'init'),
    forkPath: join(runDir, 'fork'),
    diskImagesDir: join(stateDir, 'disk-images'),
    cgroup: `hearth-${hash}`,
  };
}

/** For the small files of about a thousand sandboxes; taken only as it fills. */
const RUN_DIR_BYTES = 1024 * 1024 * 1024;

/**
 * Makes the folders, closed to other users, on a tmpfs of our own: /run is not one everywhere, and on ext4 the dozen
 * files of each start took 20 ms, looking for inodes that were not freed just now. One that a crash left is reused.
 */
export async function prepareLayout(layout: ServerLayout, mounter: Mounter): Promise<void> {
  const { runDir, sandboxesDir, runcDir, diskMountsDir, diskImagesDir, volumesDir } = layout;
  mkdirSync(runDir, { recursive: true, mode: 0o700 });
  if (!mountPointsUnder(runDir).includes(runDir)) {
    const data = `mode=0700,size=${RUN_DIR_BYTES}`;
    const flags = MOUNT_NOSUID | MOUNT_NODEV;
    await mounter.mount({ source: 'hearth', target: runDir, type: 'tmpfs', flags, data });
  }
  for (const dir of [sandboxesDir, runcDir, diskMountsDir, diskImagesDir, volumesDir]) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  }
  install(`init-${process.arch}`, layout.initPath);
  if (process.arch === 'x64') install('fork-x64', layout.forkPath);
}

/** Removes what `prepareLayout` made. */
export async function removeLayout({ runDir, diskImagesDir }: ServerLayout, mounter: Mounter): Promise<void> {
  await mounter.unmount(runDir);
  await Promise.all([rm(runDir, { recursive: true }), rm(diskImagesDir, { recursive: true, force: true })]);
}

/** A program of native/; renamed into place, since it may be running. */
function install(program: string, path: string): void {
  const draft = `${path}.draft`;
  copyFileSync(join(import.meta.dirname, '../../../native', program), draft);
  chmodSync(draft, 0o755);
  renameSync(draft, path);
}
