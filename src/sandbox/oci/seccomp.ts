import { allowedSyscalls } from './allowed-syscalls.ts';

/** The `linux.seccomp` member of the OCI runtime configuration (runtime-spec, config-linux). */
export interface SeccompProfile {
  readonly defaultAction: string;
  readonly defaultErrnoRet: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly SeccompRule[];
}

interface SeccompRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly SeccompArgument[];
}

interface SeccompArgument {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: string;
}

const EPERM = 1;
const ENOSYS = 38;
/** Every CLONE_NEW… flag that clone(2) takes; CLONE_NEWUSER included. */
const CLONE_NEW_NAMESPACE_FLAGS = 0x7e020000;
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
/** What glibc's fork(2) passes: CLONE_CHILD_SETTID, CLONE_CHILD_CLEARTID, SIGCHLD; and what native/fork-x64.c adds. */
const FORK_FLAGS = 0x01200011;
const ADDED_FORK_FLAGS = 0x7c028000;
/** PER_LINUX and PER_LINUX32, each with and without UNAME26, and the query: what Docker allows. */
const PERSONALITIES = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];

/**
 * Deny by default, for the machine's own architecture alone: a call by the 32-bit or x32 interface kills the caller.
 * Tighter than Docker's profile by ptrace, process_vm_*, kcmp, name_to_handle_at, modify_ldt, kernel keys, new
 * namespaces of any kind, and sockets other than Unix, IPv4, IPv6 and routing queries.
 */
export function seccompProfile(architecture: NodeJS.Architecture, forkable = false): SeccompProfile {
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: EPERM,
    architectures: [seccompArchitecture(architecture)],
    syscalls: [
      { names: allowedSyscalls, action: 'SCMP_ACT_ALLOW' },
      ...(architecture === 'x64' ? [{ names: ['arch_prctl'], action: 'SCMP_ACT_ALLOW' }] : []),
      allowWhere('clone', [
        { index: 0, value: CLONE_NEW_NAMESPACE_FLAGS, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' },
      ]),
      ...(forkable ? [traceWhere('clone', [equal(0, FORK_FLAGS + ADDED_FORK_FLAGS)])] : []),
      // Its flags are in memory, where a filter cannot look: the C library falls back to clone.
      { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
      ...PERSONALITIES.map((value) => allowWhere('personality', [equal(0, value)])),
      ...[AF_UNIX, AF_INET, AF_INET6].map((family) => allowWhere('socket', [equal(0, family)])),
      allowWhere('socket', [equal(0, AF_NETLINK), equal(2, NETLINK_ROUTE)]),
      allowWhere('socketpair', [equal(0, AF_UNIX)]),
    ],
  };
}

function seccompArchitecture(architecture: NodeJS.Architecture): string {
  if (architecture === 'arm64') return 'SCMP_ARCH_AARCH64';
  if (architecture === 'x64') return 'SCMP_ARCH_X86_64';
  throw new Error(`no system call filter for ${architecture}`);
}

function allowWhere(name: string, args: readonly SeccompArgument[]): SeccompRule {
  return { names: [name], action: 'SCMP_ACT_ALLOW', args };
}

/** Decided by a tracer that asked for it; without one the call fails with ENOSYS. */
function traceWhere(name: string, args: readonly SeccompArgument[]): SeccompRule {
  return { names: [name], action: 'SCMP_ACT_TRACE', args };
}

function equal(index: number, value: number): SeccompArgument {
  return { index, value, op: 'SCMP_CMP_EQ' };
}
