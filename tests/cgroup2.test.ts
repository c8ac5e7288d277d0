import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { root } from './support/hearth.ts';
import { needs, run } from './support/programs.ts';

/**
 * The sandbox under cgroup v2, which most machines have: its contract, and the attacks that the control groups answer,
 * under a Debian kernel of their own. `npm run cgroup2` runs all of its suites there.
 */
const wanted = ['qemu-system-x86_64', 'busybox', 'cpio', 'depmod', 'dpkg-deb', 'mkfs.ext4'];
const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'];
const missing = wanted.filter((name) => !folders.some((folder) => existsSync(join(folder, name))));
const x64AsRoot = process.arch === 'x64' && process.getuid?.() === 0;
const test = needs(missing.length === 0 && x64AsRoot, `root on x64 with ${wanted.join(', ')}`);

const SUITES = ['src/sandbox/oci/oci-sandbox.test.ts', 'src/sandbox/oci/attacks.test.ts'];
const NAMES =
  'as every sandbox|held back by|killed alone|gets more than|way to its control group|daemon|reaps';
/** Emulated processors take ten times as long. */
const TEST_TIMEOUT_MS = 240_000;
const VM_TIMEOUT_MS = 600_000;

test(
  'sandboxes keep their contract and their limits under cgroup v2',
  async () => {
    const vitest = `CI=true NO_COLOR=1 vitest run --project all --testTimeout=${TEST_TIMEOUT_MS} ${SUITES.join(' ')} -t '${NAMES}'`;
    const { code, stdout, stderr } = await run([join(root, 'scripts/cgroup2-vm.sh'), vitest], {
      env: { VM_TIMEOUT: String(VM_TIMEOUT_MS / 1_000) },
    });
    expect(stdout, stderr).toContain('VM-EXIT-CODE=0');
    expect(stdout).toMatch(/Tests +[3-9]\d passed/);
    expect(code).toBe(0);
  },
  VM_TIMEOUT_MS,
);
