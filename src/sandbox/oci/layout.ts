import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, realpathSync, renameSync } from 'node:fs';
import { join } from 'node:path';

/** Where one server keeps what belongs to its sandboxes, apart from every other server's. */
export interface ServerLayout {
  /** Short hash of the state folder; names everything that is shared with other servers of this machine. */
  readonly hash: string;
  /** Short and in memory on most machines: socket paths may have 107 bytes. */
  readonly runDir: string;
  /** One folder for each sandbox. */
  readonly sandboxesDir: string;
  readonly runcDir: string;
  readonly sharedEtcDir: string;
  readonly networkDir: string;
  readonly diskMountsDir: string;
  readonly diskImagesDir: string;
  /** Process 1 of every sandbox, on the state folder's file system: /run often forbids execution. */
  readonly initPath: string;
  /** Name of the control group that holds all of this server's. */
  readonly cgroup: string;
}

/** Makes the folders, closed to other users. */
export function prepareLayout(stateDir: string, runBase: string): ServerLayout {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const hash = createHash('sha256').update(realpathSync(stateDir)).digest('hex').slice(0, 8);
  const runDir = join(runBase, hash);
  const layout = {
    hash,
    runDir,
    sandboxesDir: join(runDir, 'sandboxes'),
    runcDir: join(runDir, 'runc'),
    sharedEtcDir: join(runDir, 'etc'),
    networkDir: join(runDir, 'network'),
    diskMountsDir: join(runDir, 'disks'),
    diskImagesDir: join(stateDir, 'disk-images'),
    initPath: join(stateDir, 'init'),
    cgroup: `hearth-${hash}`,
  };
  mkdirSync(runDir, { recursive: true, mode: 0o700 });
  for (const dir of [layout.sandboxesDir, layout.runcDir, layout.diskMountsDir, layout.diskImagesDir]) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  }
  installInit(layout.initPath);
  return layout;
}

/** The program for this architecture, as built from native/init.c; renamed into place, since it may be running. */
function installInit(path: string): void {
  const draft = `${path}.draft`;
  copyFileSync(join(import.meta.dirname, `../../../native/init-${process.arch}`), draft);
  chmodSync(draft, 0o755);
  renameSync(draft, path);
}
