import type { SandboxUsage } from '../sandbox.ts';

/** The control group of one sandbox, driven by writing its files: microseconds, where a program takes milliseconds. */
export interface Cgroup {
  /** Bounds CPU time to `vcpus` cores; `undefined` lifts the bound. */
  limitCpu(vcpus: number | undefined): void;
  /** Bounds memory, and with it swap, where the kernel accounts for that. */
  limitMemory(bytes: number): void;
  freeze(): void;
  thaw(): void;
  usage(): SandboxUsage;
  /** How many of its processes the kernel killed for want of memory. */
  oomKills(): number;
  /** Host process ids of everything inside. */
  processes(): readonly number[];
  /** Closes the descriptors; the group stays. */
  close(): void;
}

/** What a new control group bounds, beside CPU time. */
export interface CgroupLimits {
  readonly memoryBytes: number;
  readonly pids: number;
  /** Whether the kernel accounts for swap; a limit on it would be refused otherwise. */
  readonly limitSwap: boolean;
}

/** The control groups of one server; cgroup v1 and v2 are the two implementations. */
export interface Cgroups {
  readonly version: 1 | 2;
  /** The group's path for the OCI configuration; the OCI runtime creates the group and sets its limits. */
  pathOf(id: string): string;
  /** Makes a group without the OCI runtime; gives the files that take the id of a process to join it. */
  create(id: string, limits: CgroupLimits): readonly string[];
  /** Opens a group that exists. */
  open(id: string): Cgroup;
  /** Ids of all groups that exist, whoever made them. */
  list(): readonly string[];
  /** Removes a group; true when it is gone, false while a process is still leaving it. */
  remove(id: string): boolean;
  /** Removes the groups' common parent, when empty. */
  close(): void;
}

/** Of CFS bandwidth control. Short, so that a small share means short pauses: 100 ms is the kernel's default. */
export const CPU_PERIOD_USEC = 20_000;
/** The kernel refuses less. */
const MIN_CPU_QUOTA_USEC = 1_000;

/** Microseconds of CPU time in each period. */
export function cpuQuotaUsec(vcpus: number): number {
  return Math.max(MIN_CPU_QUOTA_USEC, Math.round(vcpus * CPU_PERIOD_USEC));
}

/** The lines of `cgroup.procs`. A process of another namespace reads as 0. */
export function parseProcesses(text: string): readonly number[] {
  return text
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0);
}
