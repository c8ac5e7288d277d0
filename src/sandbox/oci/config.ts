import type { SandboxProgram, SandboxSpec } from '../sandbox.ts';
import { CPU_PERIOD_USEC } from '../cgroups/cgroups.ts';
import { INIT_PATH, type OciMount } from './root.ts';
import type { SeccompProfile } from './seccomp.ts';

interface OciConfigOptions {
  readonly spec: SandboxSpec;
  readonly program: SandboxProgram;
  readonly uid: number;
  readonly hostname: string;
  readonly rootPath: string;
  readonly rootMounts: readonly OciMount[];
  readonly tmpPath: string;
  readonly cgroupsPath: string;
  readonly networkNamespacePath: string;
  readonly seccomp: SeccompProfile;
  /** Whether the kernel accounts for swap; a limit on it would be refused otherwise. */
  readonly limitSwap: boolean;
}

/** Where process 1 reports; the command does not have it. */
const INIT_STATUS_FD = 4;
/** Lambda has none; Python's multiprocessing and browsers want some. Charged to the sandbox's memory. */
const SHARED_MEMORY_BYTES = 64 * 1024 * 1024;
/** When the whole machine runs out of memory, a function goes before anything else does. */
const OOM_SCORE_ADJUSTMENT = 500;

const NO_CAPABILITIES = { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] };

export const MASKED_PATHS = `
  /proc/acpi /proc/asound /proc/interrupts /proc/kallsyms /proc/kcore /proc/keys /proc/key-users
  /proc/kpagecgroup /proc/kpagecount /proc/kpageflags /proc/latency_stats /proc/modules /proc/pressure
  /proc/sched_debug /proc/scsi /proc/slabinfo /proc/softirqs /proc/timer_list /proc/timer_stats
  /proc/vmallocinfo /proc/cmdline /proc/partitions /proc/diskstats /proc/swaps /proc/kmsg /proc/locks`
  .trim()
  .split(/\s+/);
export const READ_ONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** The configuration of one sandbox (OCI runtime-spec 1.0.2). */
export function ociConfig(options: OciConfigOptions): object {
  const { program, uid, rootPath, hostname } = options;
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid, gid: uid },
      args: [
        INIT_PATH,
        String(INIT_STATUS_FD),
        keptVariables(program),
        ...companions(program),
        ...program.command,
      ],
      env: Object.entries(program.env).map(([name, value]) => `${name}=${value}`),
      cwd: program.cwd,
      capabilities: NO_CAPABILITIES,
      noNewPrivileges: true,
      oomScoreAdj: OOM_SCORE_ADJUSTMENT,
      rlimits: [
        { type: 'RLIMIT_NOFILE', hard: options.spec.openFiles, soft: options.spec.openFiles },
        { type: 'RLIMIT_CORE', hard: 0, soft: 0 },
      ],
    },
    root: { path: rootPath, readonly: true },
    hostname,
    mounts: mounts(options),
    linux: {
      cgroupsPath: options.cgroupsPath,
      resources: resources(options),
      namespaces: namespaces(options),
      seccomp: options.seccomp,
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READ_ONLY_PATHS,
    },
  };
}

/** For process 1, which takes away what the OCI runtime adds to the environment: a digit for HOME, one for PWD. */
function keptVariables({ env }: SandboxProgram): string {
  return ['HOME', 'PWD'].map((name) => (name in env ? '1' : '0')).join('');
}

/** For process 1: how many companions, the variables that they do not get, and their paths. */
function companions({ companions: beside }: SandboxProgram): readonly string[] {
  if (!beside || beside.programs.length === 0) return ['0'];
  return [String(beside.programs.length), beside.withheld.join(','), ...beside.programs];
}

function mounts({ rootMounts, tmpPath }: OciConfigOptions): readonly OciMount[] {
  return [
    ...rootMounts,
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'dev',
      options: ['nosuid', 'noexec', 'mode=755', 'size=64k'],
    },
    {
      destination: '/dev/shm',
      type: 'tmpfs',
      source: 'shm',
      options: ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${SHARED_MEMORY_BYTES}`],
    },
    { destination: '/tmp', type: 'bind', source: tmpPath, options: ['bind', 'nosuid', 'nodev'] },
  ];
}

function resources({ spec, limitSwap }: OciConfigOptions): object {
  const memory = limitSwap
    ? { limit: spec.memoryBytes, swap: spec.memoryBytes }
    : { limit: spec.memoryBytes };
  return {
    devices: [{ allow: false, access: 'rwm' }],
    memory,
    // No quota: starting up is not throttled, and `limitCpu` sets the share afterwards.
    cpu: { period: CPU_PERIOD_USEC },
    // One more for process 1.
    pids: { limit: spec.pids + 1 },
  };
}

function namespaces({ networkNamespacePath }: OciConfigOptions): readonly object[] {
  return [
    { type: 'network', path: networkNamespacePath },
    ...['pid', 'mount', 'ipc', 'uts'].map((type) => ({ type })),
  ];
}
