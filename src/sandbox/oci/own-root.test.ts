import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLog, WallClock } from '../../base/index.ts';
import { needs } from '../../../tests/support/programs.ts';
import { ociIsPossible, outcomeOf, shellSpec } from '../sandbox.contract.ts';
import { SandboxError } from '../sandbox-error.ts';
import type { SandboxFactory, SandboxSpec } from '../sandbox.ts';
import { createOciSandboxFactory } from './oci-factory.ts';
import { prepareOwnRoot } from './own-root.ts';

const possible = await ociIsPossible();

describe.skipIf(!possible)('a root file system of its own', () => {
  const ownTest = needs(existsSync('/usr/bin/busybox'), 'busybox');
  let folder: string;
  let root: string;
  let factory: SandboxFactory;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'own-root-'));
    root = join(folder, 'root');
    mkdirSync(join(root, 'bin'), { recursive: true });
    copyFileSync('/usr/bin/busybox', join(root, 'bin/busybox'));
    symlinkSync('busybox', join(root, 'bin/sh'));
    const options = { log: createLog('warn'), clock: new WallClock() };
    factory = await createOciSandboxFactory({ stateDir: join(folder, 'state'), ...options });
  });

  afterEach(async () => {
    await factory.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function specOf(script: string, more: Partial<SandboxSpec> = {}): SandboxSpec {
    const spec = shellSpec('', { root, ...more });
    return { ...spec, program: () => ({ command: ['/bin/busybox', 'sh', '-c', script], env: {}, cwd: '/' }) };
  }

  ownTest('is shared by sandboxes, none of which can write to it, and stays as it was', async () => {
    prepareOwnRoot(root);
    const before = filesOf(root);
    const script =
      'busybox touch /bin/x /etc/hosts; echo mine >/tmp/x; busybox ls / /tmp; busybox mount -o remount,rw /';
    const outcomes = await Promise.all(
      [1, 2, 3].map(async () => outcomeOf(await factory.start(specOf(script)))),
    );
    for (const { stdout, stderr } of outcomes) {
      expect(stdout).toBe('/:\nbin\ndev\netc\nproc\nrun\ntmp\n\n/tmp:\nx\n');
      expect(stderr.match(/Read-only file system/g)?.length).toBe(2);
      expect(stderr).toMatch(/mount: .*(denied|permitted)/);
    }
    await factory.close();
    expect(filesOf(root)).toEqual(before);
  });

  ownTest('has the platform’s own names, and a user without rights', async () => {
    prepareOwnRoot(root);
    const script = 'busybox cat /etc/hostname /etc/hosts; busybox id -u';
    const { stdout } = await outcomeOf(
      await factory.start(specOf(script, { hosts: { there: '192.0.2.1' } })),
    );
    expect(stdout).toMatch(/^localhost\n127\.0\.0\.1 localhost\n[^]*192\.0\.2\.1 there\n[^]*\n\d{10}\n$/);
  });

  ownTest('that was not prepared is refused, and nothing is made in it', async () => {
    await expect(factory.start(specOf('true'))).rejects.toThrow('has no mount point');
    expect(readdirSync(root)).toEqual(['bin']);
    symlinkSync('/etc', join(root, 'etc'));
    await expect(factory.start(specOf('true'))).rejects.toThrow(SandboxError);
  });

  ownTest('takes no mounts', async () => {
    prepareOwnRoot(root);
    const mounts = [{ source: '/etc', target: '/mnt/etc' }];
    await expect(factory.start(specOf('true', { mounts }))).rejects.toThrow('takes no mounts');
  });
});

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort((a, b) => (a < b ? -1 : 1));
}

test('a link in the way of a mount point goes, not what it leads to', () => {
  const folder = mkdtempSync(join(tmpdir(), 'own-root-'));
  mkdirSync(join(folder, 'outside'));
  mkdirSync(join(folder, 'root'));
  symlinkSync('../outside', join(folder, 'root/run'));
  prepareOwnRoot(join(folder, 'root'));
  expect(readdirSync(join(folder, 'outside'))).toEqual([]);
  expect(readdirSync(join(folder, 'root/run'))).toEqual(['hearth']);
  rmSync(folder, { recursive: true });
});
