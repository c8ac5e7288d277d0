import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CgroupMounts } from '../cgroups/layout.ts';
import { findProgram, installCommand } from './programs.ts';

/** One thing that isolation or a limit rests on. */
export interface Finding {
  /** A word or two: `rights`, `OCI runtime`, `memory limit`. */
  readonly name: string;
  readonly ok: boolean;
  /** What was found, in one clause. */
  readonly detail: string;
  /** Without it there is no `oci` sandbox; otherwise one limit is not enforced. */
  readonly required: boolean;
  /** The shell command that mends it, where there is one. */
  readonly remedy?: string;
}

const CAP_SYS_ADMIN = 21n;

/** Mounting, namespaces and control groups of other users need root with CAP_SYS_ADMIN. */
export function inspectRights(): Finding {
  const about = { name: 'rights', required: true } as const;
  if (!isRoot()) {
    return { ...about, ok: false, detail: 'Hearth does not run as root', remedy: 'sudo hearth start' };
  }
  const effective = /^CapEff:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  if (((BigInt(`0x${effective}`) >> CAP_SYS_ADMIN) & 1n) === 1n)
    return { ...about, ok: true, detail: 'root' };
  const detail = 'root here has no CAP_SYS_ADMIN, as in a container without privileges';
  return { ...about, ok: false, detail, remedy: 'start the surrounding container with --privileged' };
}

export function inspectRuntime(runc: { path: string; version?: string } | undefined): Finding {
  const about = { name: 'OCI runtime', required: true } as const;
  if (runc) return { ...about, ok: true, detail: `runc ${runc.version ?? ''} at ${runc.path}` };
  return { ...about, ok: false, detail: 'runc is not installed', remedy: installCommand('runc') };
}

export function inspectKernel(architecture: NodeJS.Architecture): readonly Finding[] {
  const seccomp = existsSync('/proc/sys/kernel/seccomp/actions_avail');
  const detail = seccomp
    ? 'the kernel filters system calls'
    : 'the kernel cannot filter system calls (seccomp)';
  const known = architecture === 'x64' || architecture === 'arm64';
  return [
    {
      name: 'architecture',
      ok: known,
      required: true,
      detail: known ? architecture : `no filter for ${architecture}`,
    },
    { name: 'system call filter', ok: seccomp, required: true, detail },
  ];
}

const REQUIRED_V1 = ['memory', 'cpu', 'cpuacct', 'pids', 'freezer', 'devices'];
const REQUIRED_V2 = ['memory', 'cpu', 'pids'];

export function inspectCgroups(mounts: CgroupMounts | undefined): readonly Finding[] {
  const about = { name: 'control groups', required: true } as const;
  if (!mounts) {
    const remedy = 'sudo mount -t cgroup2 none /sys/fs/cgroup';
    return [{ ...about, ok: false, detail: 'no control groups are mounted', remedy }];
  }
  const missing = missingControllers(mounts);
  if (missing.length > 0) {
    const detail = `cgroup v${mounts.version} has no ${missing.join(', ')} controller`;
    const remedy = 'add cgroup_enable=memory to the kernel command line and reboot';
    return [{ ...about, ok: false, detail, ...(missing.includes('memory') && { remedy }) }];
  }
  // Another user may not write them anyhow: that is the want of rights.
  if (isRoot() && !isWritable(groupsRoot(mounts))) {
    const remedy = 'start the surrounding container with --privileged';
    return [{ ...about, ok: false, detail: 'the control groups are read-only', remedy }];
  }
  return [
    { ...about, ok: true, detail: `cgroup v${mounts.version}: memory, cpu, pids, freezer` },
    inspectSwap(mounts),
  ];
}

function missingControllers(mounts: CgroupMounts): readonly string[] {
  if (mounts.version === 1) return REQUIRED_V1.filter((name) => !mounts.controllers.has(name));
  const available = readFileSync(join(groupsRoot(mounts), 'cgroup.controllers'), 'utf8')
    .trim()
    .split(' ');
  return REQUIRED_V2.filter((name) => !available.includes(name));
}

function groupsRoot(mounts: CgroupMounts): string {
  return (mounts.version === 1 ? mounts.controllers.get('memory') : mounts.unified) ?? '/sys/fs/cgroup';
}

/** Without swap accounting a function over its limit is swapped out before it is killed; without swap, neither. */
function inspectSwap(mounts: CgroupMounts): Finding {
  const about = { name: 'swap limit', required: false } as const;
  const v1File = join(groupsRoot(mounts), 'memory.memsw.limit_in_bytes');
  if (mounts.version === 2 || existsSync(v1File))
    return { ...about, ok: true, detail: 'functions cannot swap' };
  const hasSwap = readFileSync('/proc/swaps', 'utf8').trim().split('\n').length > 1;
  if (!hasSwap)
    return { ...about, ok: false, detail: 'the kernel does not account for swap; there is none in use' };
  const detail = 'the kernel does not account for swap, so a function over its memory limit may swap first';
  return { ...about, ok: false, detail, remedy: 'sudo swapoff -a' };
}

/** Sized disks need loop devices and ext4's tools. */
export function inspectDisks(): readonly Finding[] {
  const about = { name: 'disk for /tmp', required: false } as const;
  const instead = '/tmp is kept in memory and counts against the function';
  if (!existsSync('/dev/loop-control')) {
    const detail = `there are no loop devices: ${instead}`;
    return [{ ...about, ok: false, detail, remedy: 'sudo modprobe loop' }];
  }
  if (!findProgram('mkfs.ext4') || !findProgram('debugfs')) {
    const detail = `mkfs.ext4 or debugfs is missing: ${instead}`;
    return [{ ...about, ok: false, detail, remedy: installCommand('e2fsprogs') }];
  }
  return [{ ...about, ok: true, detail: 'sized ext4 images on loop devices' }];
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
