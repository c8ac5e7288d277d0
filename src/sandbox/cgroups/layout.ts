import type { Cgroups } from './cgroups.ts';
import { CgroupsV1 } from './v1.ts';
import { CgroupsV2 } from './v2.ts';

/** Where this machine mounts its control groups. */
export interface CgroupMounts {
  /** 2 where the controllers that we need are in the unified hierarchy, else 1 (also in the hybrid layout). */
  readonly version: 1 | 2;
  /** The unified hierarchy, or the mount point of each v1 controller (`name=systemd` included). */
  readonly unified?: string;
  readonly controllers: ReadonlyMap<string, string>;
}

/** Reads `/proc/self/mountinfo` (proc_pid_mountinfo(5)); undefined where no control groups are mounted. */
export function parseCgroupMounts(mountinfo: string): CgroupMounts | undefined {
  const controllers = new Map<string, string>();
  let unified: string | undefined;
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const mountPoint = before.split(' ')[4] ?? '';
    const [type, , options = ''] = after.split(' ');
    if (type === 'cgroup2') unified ??= mountPoint;
    if (type === 'cgroup') {
      for (const option of options.split(','))
        if (!MOUNT_FLAGS.has(option)) controllers.set(option, mountPoint);
    }
  }
  if (controllers.has('memory'))
    return { version: 1, controllers, ...(unified !== undefined && { unified }) };
  return unified === undefined ? undefined : { version: 2, unified, controllers };
}

const MOUNT_FLAGS: ReadonlySet<string> = new Set(['rw', 'ro', 'xattr', 'clone_children', 'noprefix']);

/** The control groups of this machine, for a server whose groups are all inside one called `parent`. */
export function openCgroups(mounts: CgroupMounts, parent: string): Cgroups {
  const { version, controllers, unified = '/sys/fs/cgroup' } = mounts;
  if (version === 2) return new CgroupsV2(unified, parent);
  // In the hybrid layout the OCI runtime makes a group in the unified hierarchy as well.
  return new CgroupsV1(new Map([...controllers, ['unified', unified]]), parent);
}
