import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
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

/** cgroup v1: one hierarchy for each controller, also in the hybrid layout. */
export class CgroupsV1 implements Cgroups {
  readonly version = 1;
  readonly #mounts: ReadonlyMap<string, string>;
  readonly #parent: string;

  /** `mounts`: each controller's mount point; `parent`: the name of the group that holds all of this server's. */
  constructor(mounts: ReadonlyMap<string, string>, parent: string) {
    this.#mounts = mounts;
    this.#parent = parent;
  }

  pathOf(id: string): string {
    return `/${this.#parent}/${id}`;
  }

  /** In every hierarchy, so that nothing of the group that its processes come from stays in use. */
  create(id: string, limits: CgroupLimits): readonly string[] {
    const folders = this.#everyFolder(id);
    for (const folder of folders) mkdirSync(folder, { recursive: true });
    const write = (controller: string, name: string, value: number | string): void =>
      writeFileSync(join(this.#folder(controller), id, name), String(value));
    write('memory', 'memory.limit_in_bytes', limits.memoryBytes);
    if (limits.limitSwap) write('memory', 'memory.memsw.limit_in_bytes', limits.memoryBytes);
    write('pids', 'pids.max', limits.pids);
    write('cpu', 'cpu.cfs_period_us', CPU_PERIOD_USEC);
    if (this.#mounts.has('cpuset')) {
      for (const name of ['cpuset.cpus', 'cpuset.mems']) {
        write('cpuset', name, readFileSync(join(this.#folder('cpuset'), name), 'utf8'));
      }
    }
    return folders.map((folder) => join(folder, 'cgroup.procs'));
  }

  open(id: string): Cgroup {
    return new CgroupV1((controller) => join(this.#folder(controller), id));
  }

  list(): readonly string[] {
    return [...new Set(this.#everyFolder('').flatMap(listGroups))];
  }

  remove(id: string): boolean {
    return this.#everyFolder(id).map(removeGroup).every(Boolean);
  }

  close(): void {
    for (const folder of this.#everyFolder('')) removeGroup(folder);
  }

  #folder(controller: string): string {
    const mount = this.#mounts.get(controller);
    if (mount === undefined) throw new Error(`the cgroup controller "${controller}" is not mounted`);
    return join(mount, this.#parent);
  }

  #everyFolder(id: string): readonly string[] {
    const mounts = new Set(this.#mounts.values());
    return [...mounts].map((mount) => join(mount, this.#parent, id));
  }
}

class CgroupV1 implements Cgroup {
  readonly #quota: ControlFile;
  readonly #state: ControlFile;
  readonly #cpuUsage: ControlFile;
  readonly #oomControl: ControlFile;
  readonly #peak: MemoryPeak;
  readonly #peakFile: ControlFile;
  readonly #memoryStat: ControlFile;
  readonly #processes: ControlFile;
  readonly #memoryFolder: string;

  constructor(folderOf: (controller: string) => string) {
    this.#memoryFolder = folderOf('memory');
    this.#quota = new ControlFile(join(folderOf('cpu'), 'cpu.cfs_quota_us'));
    this.#state = new ControlFile(join(folderOf('freezer'), 'freezer.state'));
    this.#cpuUsage = new ControlFile(join(folderOf('cpuacct'), 'cpuacct.usage'));
    this.#oomControl = new ControlFile(join(folderOf('memory'), 'memory.oom_control'));
    this.#peakFile = new ControlFile(join(folderOf('memory'), 'memory.max_usage_in_bytes'));
    this.#memoryStat = new ControlFile(join(folderOf('memory'), 'memory.stat'));
    this.#processes = new ControlFile(join(folderOf('freezer'), 'cgroup.procs'));
    this.#peak = new MemoryPeak(
      () => this.#peakFile.readNumber(),
      () => this.#memoryStat.readKeys(['total_inactive_file', 'total_active_file']),
    );
  }

  limitCpu(vcpus: number | undefined): void {
    this.#quota.write(vcpus === undefined ? '-1' : String(cpuQuotaUsec(vcpus)));
  }

  /** The bound of memory and swap together may at no time be below that of memory alone. */
  limitMemory(bytes: number): void {
    const files = this.#memoryLimits();
    const grows = (files[0]?.readNumber() ?? 0) < bytes;
    for (const file of grows ? files.reverse() : files) {
      file.write(String(bytes));
      file.close();
    }
  }

  #memoryLimits(): ControlFile[] {
    const paths = ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes'].map((name) =>
      join(this.#memoryFolder, name),
    );
    return paths.filter((path) => existsSync(path)).map((path) => new ControlFile(path));
  }

  freeze(): void {
    this.#state.write('FROZEN');
  }

  thaw(): void {
    this.#state.write('THAWED');
  }

  usage(): SandboxUsage {
    const cpuUsec = Math.round(this.#cpuUsage.readNumber() / 1000);
    return { memoryPeakBytes: this.#peak.bytes(), cpuUsec };
  }

  oomKills(): number {
    return this.#oomControl.readKeys(['oom_kill']);
  }

  processes(): readonly number[] {
    return parseProcesses(this.#processes.read());
  }

  close(): void {
    const files = [this.#quota, this.#state, this.#cpuUsage, this.#oomControl];
    for (const file of [...files, this.#peakFile, this.#memoryStat, this.#processes]) file.close();
  }
}
