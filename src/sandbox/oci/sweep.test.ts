import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLog, WallClock } from '../../base/index.ts';
import { ociIsPossible, outcomeOf, shellSpec } from '../sandbox.contract.ts';
import type { SandboxFactory } from '../sandbox.ts';
import { createOciSandboxFactory } from './oci-factory.ts';
import { layoutOf, type ServerLayout } from './layout.ts';

const log = createLog('error');
const clock = new WallClock();

describe.skipIf(!(await ociIsPossible()))('after a server was killed', () => {
  let folder: string;
  const victims: ChildProcess[] = [];
  const factories: SandboxFactory[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sandbox-sweep-'));
  });
  afterEach(async () => {
    for (const victim of victims.splice(0)) victim.kill('SIGKILL');
    for (const factory of factories.splice(0)) await factory.close();
    rmSync(folder, { recursive: true });
  });

  async function open(stateDir: string): Promise<SandboxFactory> {
    const factory = await createOciSandboxFactory({ stateDir, log, clock });
    factories.push(factory);
    return factory;
  }

  /** A server of its own process with live sandboxes, one of them frozen. */
  async function serverWithSandboxes(stateDir: string): Promise<ChildProcess> {
    const script = `
      import { createLog, WallClock } from '${join(import.meta.dirname, '../../base/index.ts')}';
      import { createOciSandboxFactory } from '${join(import.meta.dirname, 'oci-factory.ts')}';
      const factory = await createOciSandboxFactory({ stateDir: '${stateDir}', log: createLog('error'), clock: new WallClock() });
      const command = ['/bin/bash', '-c', 'setsid sleep 424242 & echo ready; wait'];
      const program = () => ({ command, env: { PATH: '/usr/bin:/bin' }, cwd: '/tmp' });
      const limits = { tmpBytes: 512 << 20, memoryBytes: 128 << 20, pids: 64, openFiles: 1024 };
      for (const id of ['lively', 'frozen']) {
        const sandbox = await factory.start({ id, program, mounts: [], listeners: [], ...limits });
        await new Promise((resolve) => sandbox.stdout.once('data', resolve));
        if (id === 'frozen') sandbox.freeze();
      }
      console.log('started');
      setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    victims.push(child);
    await once(child.stdout, 'data');
    return child;
  }

  async function kill(child: ChildProcess): Promise<void> {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  test('the next one removes its processes, control groups, mounts, loop devices and folders', async () => {
    const stateDir = join(folder, 'state');
    await kill(await serverWithSandboxes(stateDir));
    const layout = layoutOf(stateDir, '/run/hearth');
    expect(remainsOf(layout).length).toBeGreaterThan(12);
    const factory = await open(stateDir);
    const { removed } = await factory.sweep();
    expect(removed).toEqual(expect.arrayContaining(['lively', 'frozen']));
    expect(remainsOf(layout)).toEqual([]);
    expect(await factory.sweep()).toEqual({ removed: [] });
    const sandbox = await factory.start(shellSpec('echo fine', { id: 'lively' }));
    expect((await outcomeOf(sandbox)).stdout).toBe('fine\n');
    await factory.close();
    expect(existsSync(layout.runDir)).toBe(false);
    expect(remainsOf(layout)).toEqual([]);
  });

  test('the next one leaves the sandboxes of another server alone', async () => {
    await kill(await serverWithSandboxes(join(folder, 'crashed')));
    const other = await serverWithSandboxes(join(folder, 'other'));
    const othersLayout = layoutOf(join(folder, 'other'), '/run/hearth');
    const before = remainsOf(othersLayout);
    expect(before.length).toBeGreaterThan(12);
    const factory = await open(join(folder, 'crashed'));
    expect((await factory.sweep()).removed.length).toBeGreaterThan(0);
    expect(remainsOf(othersLayout)).toEqual(before);
    await kill(other);
    await (await open(join(folder, 'other'))).sweep();
    expect(remainsOf(othersLayout)).toEqual([]);
  });
});

/** Everything on this machine that names the server: control groups, mounts, processes, folders of sandboxes. */
function remainsOf(layout: ServerLayout): readonly string[] {
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  const loops = readdirSync('/sys/block').map((name) => backingFileOf(name));
  return [
    ...groupsIn('/sys/fs/cgroup', layout.cgroup),
    ...loops.filter((file) => file.startsWith(layout.diskImagesDir)),
    ...mounts.filter((line) => line.includes(`${layout.runDir}/`)),
    ...[layout.sandboxesDir, layout.runcDir].flatMap((dir) => (existsSync(dir) ? readdirSync(dir) : [])),
  ];
}

function backingFileOf(device: string): string {
  const path = `/sys/block/${device}/loop/backing_file`;
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function groupsIn(mount: string, parent: string): string[] {
  const folders = [mount, ...readdirSync(mount).map((name) => join(mount, name))].map((dir) =>
    join(dir, parent),
  );
  const held = folders
    .filter((dir) => existsSync(dir))
    .flatMap((dir) =>
      readdirSync(dir, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => join(dir, entry.name)),
    );
  return held;
}
