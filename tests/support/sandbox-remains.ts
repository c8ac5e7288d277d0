import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { layoutOf, type ServerLayout } from '../../src/sandbox/oci/layout.ts';

/** Where the server with this data folder, which must exist, keeps what belongs to its sandboxes. */
export function sandboxLayoutOf(dataFolder: string): ServerLayout {
  return layoutOf(join(dataFolder, 'sandboxes'), '/run/hearth');
}

/** Everything on this machine that names the server: control groups, mounts, loop devices, folders of sandboxes. */
export function remainsOf(layout: ServerLayout): readonly string[] {
  return Object.values(remainsByKind(layout)).flat();
}

/** The same by kind; a control group of cgroup v1 stands in it once for each controller. */
export function remainsByKind(layout: ServerLayout): {
  readonly cgroups: readonly string[];
  readonly loopDevices: readonly string[];
  readonly mounts: readonly string[];
  readonly folders: readonly string[];
} {
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  const loops = readdirSync('/sys/block').map((name) => backingFileOf(name));
  return {
    cgroups: groupsIn('/sys/fs/cgroup', layout.cgroup),
    loopDevices: loops.filter((file) => file.startsWith(layout.diskImagesDir)),
    mounts: mounts.filter((line) => line.includes(`${layout.runDir}/`)),
    folders: [layout.sandboxesDir, layout.runcDir].flatMap((dir) =>
      existsSync(dir) ? readdirSync(dir) : [],
    ),
  };
}

/** Command lines of programs that work for the server, its uplink among them. */
export function programsOf(layout: ServerLayout): readonly string[] {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return processes
    .map((pid) => readOr(`/proc/${pid}/cmdline`, '').replaceAll('\0', ' '))
    .filter((line) => line.includes(`${layout.runDir}/`));
}

function backingFileOf(device: string): string {
  return readOr(`/sys/block/${device}/loop/backing_file`, '');
}

function groupsIn(mount: string, parent: string): string[] {
  const folders = [mount, ...readdirSync(mount).map((name) => join(mount, name))].map((dir) =>
    join(dir, parent),
  );
  return folders
    .filter((dir) => existsSync(dir))
    .flatMap((dir) =>
      readdirSync(dir, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => join(dir, entry.name)),
    );
}

/** Devices and processes come and go while they are looked at. */
function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}
