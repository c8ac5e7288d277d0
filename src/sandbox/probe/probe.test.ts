import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CgroupMounts } from '../cgroups/layout.ts';
import { inspectCgroups, inspectRuntime } from './findings.ts';
import { probeSandbox, renderNotice } from './probe.ts';

test('the probe finds something out about each part, and a notice only where a part is missing', async () => {
  const { kind, cores, findings, notice } = await probeSandbox();
  expect(cores).toBeGreaterThan(0);
  expect(findings.length).toBeGreaterThan(0);
  const lacking = findings.filter(({ ok, required }) => required && !ok);
  expect(kind).toBe(lacking.length === 0 ? 'oci' : 'process');
  expect(notice === undefined).toBe(lacking.length === 0);
});

test('a missing OCI runtime comes with the command that installs it', () => {
  const finding = inspectRuntime(undefined);
  expect(finding).toMatchObject({ ok: false, required: true, detail: 'runc is not installed' });
  expect(finding.remedy).toMatch(/runc$/);
  expect(inspectRuntime({ path: '/usr/sbin/runc', version: '1.1.5' })).toMatchObject({ ok: true });
});

test('the notice is one line with what is missing and each command once', () => {
  const missing = { name: 'x', ok: false, required: true };
  const notice = renderNotice([
    { ...missing, detail: 'runc is not installed', remedy: 'sudo apt-get install -y runc' },
    { ...missing, detail: 'Hearth does not run as root', remedy: 'sudo hearth start' },
    { ...missing, detail: 'again', remedy: 'sudo hearth start' },
    { ...missing, detail: 'beyond repair' },
  ]);
  expect(notice).toBe(
    'Functions run without isolation: runc is not installed; Hearth does not run as root; again; beyond repair.' +
      ' To isolate functions: sudo apt-get install -y runc && sudo hearth start',
  );
  expect(renderNotice([{ ...missing, detail: 'hopeless' }])).toBe(
    'Functions run without isolation: hopeless',
  );
});

describe('control groups', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'probe-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function v1(...controllers: string[]): CgroupMounts {
    mkdirSync(join(root, 'memory'));
    return { version: 1, controllers: new Map(controllers.map((name) => [name, join(root, name)])) };
  }
  const all = ['memory', 'cpu', 'cpuacct', 'pids', 'freezer', 'devices'];

  test('of version 1 need every controller that limits something', () => {
    expect(inspectCgroups(v1(...all))[0]).toMatchObject({ ok: true, required: true });
    rmSync(join(root, 'memory'), { recursive: true });
    const [finding] = inspectCgroups(v1(...all.filter((name) => name !== 'pids')));
    expect(finding).toMatchObject({ ok: false, detail: 'cgroup v1 has no pids controller' });
  });

  test('of version 2 need memory, and say how the kernel is told to give it', () => {
    writeFileSync(join(root, 'cgroup.controllers'), 'cpuset cpu io pids\n');
    const mounts: CgroupMounts = { version: 2, unified: root, controllers: new Map() };
    const [finding] = inspectCgroups(mounts);
    expect(finding?.detail).toBe('cgroup v2 has no memory controller');
    expect(finding?.remedy).toContain('cgroup_enable=memory');
    writeFileSync(join(root, 'cgroup.controllers'), 'cpuset cpu io memory pids\n');
    expect(inspectCgroups(mounts).every(({ ok }) => ok)).toBe(true);
  });

  test('that are not mounted are asked for', () => {
    expect(inspectCgroups(undefined)[0]).toMatchObject({ ok: false, required: true });
  });

  test('without swap accounting are a gap, not a reason to do without isolation', () => {
    const swap = inspectCgroups(v1(...all)).find(({ name }) => name === 'swap limit');
    expect(swap).toMatchObject({ ok: false, required: false });
    writeFileSync(join(root, 'memory', 'memory.memsw.limit_in_bytes'), '');
    const mounts = { version: 1, controllers: new Map(all.map((name) => [name, join(root, name)])) } as const;
    expect(inspectCgroups(mounts).find(({ name }) => name === 'swap limit')).toMatchObject({ ok: true });
  });
});
