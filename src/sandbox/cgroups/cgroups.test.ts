import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cpuQuotaUsec } from './cgroups.ts';
import { parseCgroupMounts } from './layout.ts';
import { CgroupsV1 } from './v1.ts';
import { CgroupsV2 } from './v2.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cgroups-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** A folder with such files; the kernel makes them, so nothing but their contents is checked here. */
function group(path: string, files: Record<string, string>): string {
  const folder = join(root, path);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const MEMORY_STAT = 'anon 5000000\nfile 3000000\ninactive_file 2000000\nactive_file 1000000\n';

describe('cgroup v2', () => {
  const files = {
    'cpu.max': 'max 100000\n',
    'cgroup.freeze': '0\n',
    'cgroup.procs': '17\n4242\n',
    'cpu.stat': 'usage_usec 123456\nuser_usec 100000\nsystem_usec 23456\n',
    'memory.events': 'low 0\nhigh 0\nmax 7\noom 2\noom_kill 1\noom_group_kill 0\n',
    'memory.peak': '9000000\n',
    'memory.current': '8000000\n',
    'memory.stat': MEMORY_STAT,
  };

  test('limits CPU by quota and period in one line, and lifts the limit', () => {
    const folder = group('hearth-a/s1', files);
    const cgroup = new CgroupsV2(root, 'hearth-a').open('s1');
    cgroup.limitCpu(0.5);
    expect(readFileSync(join(folder, 'cpu.max'), 'utf8')).toMatch(/^10000 20000/);
    cgroup.limitCpu(undefined);
    expect(readFileSync(join(folder, 'cpu.max'), 'utf8')).toMatch(/^max 20000/);
    cgroup.close();
  });

  test('freezes and thaws', () => {
    const folder = group('hearth-a/s1', files);
    const cgroup = new CgroupsV2(root, 'hearth-a').open('s1');
    cgroup.freeze();
    expect(readFileSync(join(folder, 'cgroup.freeze'), 'utf8')).toBe('1\n');
    cgroup.thaw();
    expect(readFileSync(join(folder, 'cgroup.freeze'), 'utf8')).toBe('0\n');
    cgroup.close();
  });

  test('reports use, kills for want of memory, and processes', () => {
    group('hearth-a/s1', files);
    const cgroup = new CgroupsV2(root, 'hearth-a').open('s1');
    expect(cgroup.usage()).toEqual({ memoryPeakBytes: 6_000_000, cpuUsec: 123_456 });
    expect(cgroup.oomKills()).toBe(1);
    expect(cgroup.processes()).toEqual([17, 4242]);
    cgroup.close();
    expect(() => cgroup.freeze()).toThrow('closed');
  });

  test('takes the present memory where the kernel keeps no peak', () => {
    const folder = group('hearth-a/s1', files);
    rmSync(join(folder, 'memory.peak'));
    const cgroup = new CgroupsV2(root, 'hearth-a').open('s1');
    expect(cgroup.usage().memoryPeakBytes).toBe(5_000_000);
    writeFileSync(join(folder, 'memory.current'), '4000000\n');
    expect(cgroup.usage().memoryPeakBytes).toBe(5_000_000);
    cgroup.close();
  });

  test('names groups below the parent, lists and removes them, and leaves those of other servers', () => {
    group('hearth-a/s1', {});
    group('hearth-a/s2/nested', {});
    group('hearth-b/s3', {});
    const cgroups = new CgroupsV2(root, 'hearth-a');
    expect(cgroups.pathOf('s1')).toBe('/hearth-a/s1');
    expect(cgroups.list()).toEqual(['s1', 's2']);
    expect(cgroups.remove('s1')).toBe(true);
    expect(cgroups.remove('s2')).toBe(true);
    expect(cgroups.remove('never-was')).toBe(true);
    cgroups.close();
    expect(readdirSync(root)).toEqual(['hearth-b']);
  });

  test('says that a group which still holds something was not removed', () => {
    group('hearth-a/s1', { busy: '' });
    expect(new CgroupsV2(root, 'hearth-a').remove('s1')).toBe(false);
  });
});

describe('cgroup v1', () => {
  function mounts(): Map<string, string> {
    const controllers = ['cpu', 'cpuacct', 'memory', 'freezer', 'pids'];
    return new Map(controllers.map((name) => [name, join(root, name)]));
  }

  test('limits CPU, freezes and reports by the files of each controller', () => {
    group('cpu/hearth-a/s1', { 'cpu.cfs_quota_us': '-1\n' });
    group('freezer/hearth-a/s1', { 'freezer.state': 'THAWED\n', 'cgroup.procs': '17\n' });
    group('cpuacct/hearth-a/s1', { 'cpuacct.usage': '123456789\n' });
    group('memory/hearth-a/s1', {
      'memory.max_usage_in_bytes': '9000000\n',
      'memory.stat': 'inactive_file 5\ntotal_inactive_file 2000000\ntotal_active_file 1000000\n',
      'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 3\n',
    });
    const cgroup = new CgroupsV1(mounts(), 'hearth-a').open('s1');
    cgroup.limitCpu(0.25);
    expect(readFileSync(join(root, 'cpu/hearth-a/s1/cpu.cfs_quota_us'), 'utf8')).toMatch(/^5000/);
    cgroup.freeze();
    expect(readFileSync(join(root, 'freezer/hearth-a/s1/freezer.state'), 'utf8')).toMatch(/^FROZEN/);
    expect(cgroup.usage()).toEqual({ memoryPeakBytes: 6_000_000, cpuUsec: 123_457 });
    expect(cgroup.oomKills()).toBe(3);
    expect(cgroup.processes()).toEqual([17]);
    cgroup.close();
  });

  test('lists and removes a group in every hierarchy', () => {
    for (const controller of mounts().keys()) group(`${controller}/hearth-a/s1`, {});
    group('pids/hearth-a/half-made', {});
    const cgroups = new CgroupsV1(mounts(), 'hearth-a');
    expect([...cgroups.list()].sort()).toEqual(['half-made', 's1']);
    expect(cgroups.remove('s1')).toBe(true);
    expect(cgroups.remove('half-made')).toBe(true);
    cgroups.close();
    expect([...mounts().values()].flatMap((mount) => readdirSync(mount))).toEqual([]);
  });
});

test('a quota is a share of 20 ms, and never below the millisecond that the kernel takes', () => {
  expect(cpuQuotaUsec(2)).toBe(40_000);
  expect(cpuQuotaUsec(128 / 1769)).toBe(1447);
  expect(cpuQuotaUsec(0.001)).toBe(1000);
});

describe('the mounts of control groups', () => {
  const v2 = '30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate';
  const hybrid = [
    '31 24 0:27 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755',
    '32 31 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
    '33 31 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd',
    '34 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct',
    '35 31 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
  ].join('\n');

  test('are version 2 where the controllers are in the unified hierarchy', () => {
    expect(parseCgroupMounts(v2)).toMatchObject({ version: 2, unified: '/sys/fs/cgroup' });
  });

  test('are version 1 in the hybrid layout, with controllers that share a hierarchy', () => {
    const mounts = parseCgroupMounts(hybrid);
    expect(mounts).toMatchObject({ version: 1, unified: '/sys/fs/cgroup/unified' });
    expect([...(mounts?.controllers ?? [])]).toEqual([
      ['name=systemd', '/sys/fs/cgroup/systemd'],
      ['cpu', '/sys/fs/cgroup/cpu,cpuacct'],
      ['cpuacct', '/sys/fs/cgroup/cpu,cpuacct'],
      ['memory', '/sys/fs/cgroup/memory'],
    ]);
  });

  test('are absent on a machine without any', () => {
    expect(parseCgroupMounts('29 1 0:25 / / rw - ext4 /dev/sda rw')).toBeUndefined();
  });
});
