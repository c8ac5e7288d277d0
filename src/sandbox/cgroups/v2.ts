import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SandboxUsage } from '../sandbox.ts';
import {
  type Cgroup,
  type CgroupLimits,
  type Cgroups,
  CPU_PERIOD_USEC,
  cpuQuotaUsec,
  parseProcesses,
} from './cgroups.ts';
import { ControlFile } from './control-file.ts';
import { MemoryPeak } from './memory-peak.ts';
import { listGroups, removeGroup } from './groups.ts';

/** cgroup v2, the unified hierarchy (kernel documentation, admin-guide/cgroup-v2). */
export class CgroupsV2 implements Cgroups {
  readonly version = 2;
  readonly #parent: string;
  readonly #folder: string;

  /** `mount` is where the unified hierarchy is, `parent` the name of the group that holds all of this server's. */
  constructor(mount: string, parent: string) {
    this.#parent = parent;
    this.#folder = join(mount, parent);
  }

  pathOf(id: string): string {
    return `/${this.#parent}/${id}`;
  }

  /** The OCI runtime has switched the controllers on for the groups of this server. */
  create(id: string, limits: CgroupLimits): readonly string[] {
    const folder = join(this.#folder, id);
    mkdirSync(folder);
    writeFileSync(join(folder, 'memory.max'), String(limits.memoryBytes));
    if (limits.limitSwap) writeFileSync(join(folder, 'memory.swap.max'), '0');
    writeFileSync(join(folder, 'pids.max'), String(limits.pids));
    return [join(folder, 'cgroup.procs')];
  }

  open(id: string): Cgroup {
    return new CgroupV2(join(this.#folder, id));
  }

  list(): readonly string[] {
    return listGroups(this.#folder);
  }

  remove(id: string): boolean {
    return removeGroup(join(this.#folder, id));
  }

  close(): void {
    removeGroup(this.#folder);
  }
}

class CgroupV2 implements Cgroup {
  readonly #cpuMax: ControlFile;
  readonly #freeze: ControlFile;
  readonly #cpuStat: ControlFile;
  readonly #memoryEvents: ControlFile;
  readonly #memoryPeak: ControlFile;
  readonly #memoryStat: ControlFile;
  readonly #processes: ControlFile;
  readonly #peak: MemoryPeak;
  readonly #memoryMaxPath: string;

  constructor(folder: string) {
    const file = (name: string): ControlFile => new ControlFile(join(folder, name));
    this.#memoryMaxPath = join(folder, 'memory.max');
    this.#cpuMax = file('cpu.max');
    this.#freeze = file('cgroup.freeze');
    this.#cpuStat = file('cpu.stat');
    this.#memoryEvents = file('memory.events');
    // Kernels before 5.19 know no peak; there the present use stands in, read at the end of each piece of work.
    this.#memoryPeak = file(existsSync(join(folder, 'memory.peak')) ? 'memory.peak' : 'memory.current');
    this.#memoryStat = file('memory.stat');
    this.#processes = file('cgroup.procs');
    this.#peak = new MemoryPeak(
      () => this.#memoryPeak.readNumber(),
      () => this.#memoryStat.readKeys(['inactive_file', 'active_file']),
    );
  }

  limitCpu(vcpus: number | undefined): void {
    const quota = vcpus === undefined ? 'max' : cpuQuotaUsec(vcpus);
    this.#cpuMax.write(`${quota} ${CPU_PERIOD_USEC}`);
  }

  /** Swap has a bound of its own here, set when the group was made. */
  limitMemory(bytes: number): void {
    const file = new ControlFile(this.#memoryMaxPath);
    file.write(String(bytes));
    file.close();
  }

  freeze(): void {
    this.#freeze.write('1');
  }

  thaw(): void {
    this.#freeze.write('0');
  }

  usage(): SandboxUsage {
    return { memoryPeakBytes: this.#peak.bytes(), cpuUsec: this.#cpuStat.readKeys(['usage_usec']) };
  }

  oomKills(): number {
    return this.#memoryEvents.readKeys(['oom_kill']);
  }

  processes(): readonly number[] {
    return parseProcesses(this.#processes.read());
  }

  close(): void {
    const files = [this.#cpuMax, this.#freeze, this.#cpuStat, this.#memoryEvents];
    for (const file of [...files, this.#memoryPeak, this.#memoryStat, this.#processes]) file.close();
  }
}
