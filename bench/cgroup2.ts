/**
 * `npm run cgroup2`: the sandbox's suites under a Debian kernel with cgroup v2 (scripts/cgroup2-vm.sh), and what became
 * of every test, as `bench/results/cgroup2.json`.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';

const SUITES = ['src/sandbox/cgroups', 'src/sandbox/oci', 'src/sandbox/disks', 'src/sandbox/network'];
/** Emulated processors take ten times as long. */
const TEST_TIMEOUT_MS = 900_000;
const VM_TIMEOUT_SECONDS = '3600';

const root = join(import.meta.dirname, '..');
const command = `CI=true NO_COLOR=1 vitest run --project all --reporter=verbose --no-file-parallelism --testTimeout=${TEST_TIMEOUT_MS} ${SUITES.join(' ')}`;
const startedMs = Date.now();
const child = spawn(join(root, 'scripts/cgroup2-vm.sh'), [command], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: { ...process.env, VM_TIMEOUT: VM_TIMEOUT_SECONDS },
});
let kernel = 'unknown';
const passed: string[] = [];
const failed: string[] = [];
for await (const raw of createInterface({ input: child.stdout })) {
  const line = stripVTControlCharacters(raw).trim();
  console.log(line);
  kernel = /^Booting (\S+) with/.exec(line)?.[1] ?? kernel;
  const [, mark, name = ''] = /^([✓×]) (?:\|all\| )?(.*?)(?: \d+ms)?$/u.exec(line) ?? [];
  if (mark !== undefined) (mark === '✓' ? passed : failed).push(name);
}
const exitCode =
  child.exitCode ?? (await new Promise<number | null>((resolve) => child.once('exit', resolve)));
if (passed.length + failed.length > 0) {
  const seconds = Math.round((Date.now() - startedMs) / 1000);
  const result = { kernel, cgroup: 2, at: new Date().toISOString(), seconds, passed, failed };
  mkdirSync(join(root, 'bench/results'), { recursive: true });
  writeFileSync(join(root, 'bench/results/cgroup2.json'), `${JSON.stringify(result, null, 2)}\n`);
}
process.exitCode = exitCode ?? 1;
