import { closeSync, fstatSync } from 'node:fs';
import { SandboxError } from '../sandbox-error.ts';
import { openUserMapping, type Owner } from './user-mapping.ts';
import { type NativeLibrary, SyscallError } from './native.ts';

/** Mounts in which files of the folder's owner are `uid`'s, and what `uid` makes is the owner's on disk. */
export interface IdMappedMounts {
  /** A mount of the folder that is nowhere yet. Rejects with a `SandboxError` that says what is in the way. */
  clone(folder: string, uid: number): Promise<DetachedMount>;
}

export interface DetachedMount extends Disposable {
  /** Onto an existing folder. */
  attach(target: string): void;
}

/**
 * Mounts that translate owners (mount_setattr(2), MOUNT_ATTR_IDMAP; Linux 5.12). The folder is opened without following
 * any link, and everything after that goes by its descriptor: who can turn links beside it gains nothing.
 */
export function idMappedMounts(library: NativeLibrary): IdMappedMounts {
  const calls = mountSyscalls(library);
  return {
    async clone(folder, uid) {
      using opened = new DisposableStack();
      const keep = (fd: number): number => opened.adopt(fd, closeSync);
      try {
        const fd = keep(calls.openFolder(folder));
        const namespace = keep(await openUserMapping(ownerOf(fd, folder), uid));
        using tree = new DisposableStack();
        const treeFd = tree.adopt(calls.cloneTree(fd), closeSync);
        calls.mapOwner(treeFd, namespace);
        const kept = tree.move();
        return { attach: (target) => calls.attach(treeFd, target), [Symbol.dispose]: () => kept.dispose() };
      } catch (cause) {
        throw explained(cause, folder);
      }
    },
  };
}

/** Root's own are never mapped: a function could leave programs there that run as root on the host. */
function ownerOf(fd: number, folder: string): Owner {
  const { uid, gid } = fstatSync(fd);
  if (uid !== 0 && gid !== 0) return { uid, gid };
  throw new SandboxError(
    `${folder} belongs to root: functions act as the owner and the group of the folder, so give it to others, such as by: chown 1000:1000 ${folder}`,
    { fault: 'machine' },
  );
}

function explained(cause: unknown, folder: string): unknown {
  if (!(cause instanceof SyscallError)) return cause;
  const why =
    cause.code === 'ELOOP'
      ? 'there is a link in its path'
      : cause.code === 'EINVAL'
        ? 'its file system cannot translate owners (ext4, xfs, btrfs and tmpfs can, on Linux 5.12 and later)'
        : cause.message;
  return new SandboxError(`cannot mount ${folder}: ${why}`, { fault: 'machine', cause });
}

const AT_FDCWD = -100;
const AT_EMPTY_PATH = 0x1000;
const O_CLOEXEC = 0o2000000;
const O_PATH_DIRECTORY = 0o10000000 | 0o200000;
const RESOLVE_NO_SYMLINKS = 0x04;
const OPEN_TREE_CLONE = 1;
const MOVE_MOUNT_F_EMPTY_PATH = 4;
/** `nosuid`, `nodev`, `idmap`. */
const MOUNT_ATTRIBUTES = 0x2n | 0x4n | 0x100000n;
/** One number on every architecture. */
const NUMBER = { openTree: 428, moveMount: 429, openat2: 437, mountSetattr: 442 };

interface MountSyscalls {
  openFolder(path: string): number;
  cloneTree(folder: number): number;
  mapOwner(tree: number, userNamespace: number): void;
  attach(tree: number, target: string): void;
}

/** By number, since the C library of Debian 11 has no names for them. All throw `SyscallError`. */
function mountSyscalls(library: NativeLibrary): MountSyscalls {
  const openat2 = library.bind('long syscall(long n, int at, const char *path, void *how, size_t size)');
  const openTree = library.bind('long syscall(long n, int at, const char *path, uint flags)');
  const setattr = library.bind(
    'long syscall(long n, int at, const char *path, uint flags, void *attributes, size_t size)',
  );
  const moveMount = library.bind(
    'long syscall(long n, int from, const char *path, int at, const char *target, uint flags)',
  );
  return {
    openFolder(path) {
      const how = Buffer.alloc(24);
      how.writeBigUInt64LE(BigInt(O_PATH_DIRECTORY | O_CLOEXEC), 0);
      how.writeBigUInt64LE(BigInt(RESOLVE_NO_SYMLINKS), 16);
      return openat2.call(NUMBER.openat2, AT_FDCWD, path, how, how.length);
    },
    cloneTree: (folder) =>
      openTree.call(NUMBER.openTree, folder, '', OPEN_TREE_CLONE | O_CLOEXEC | AT_EMPTY_PATH),
    mapOwner(tree, userNamespace) {
      const attributes = Buffer.alloc(32);
      attributes.writeBigUInt64LE(MOUNT_ATTRIBUTES, 0);
      attributes.writeBigUInt64LE(BigInt(userNamespace), 24);
      setattr.call(NUMBER.mountSetattr, tree, '', AT_EMPTY_PATH, attributes, attributes.length);
    },
    attach: (tree, target) =>
      void moveMount.call(NUMBER.moveMount, tree, '', AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH),
  };
}
