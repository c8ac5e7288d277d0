import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { remainsOf } from '../../../tests/support/sandbox-remains.ts';
import { createLog, WallClock } from '../../base/index.ts';
import { ociIsPossible, outcomeOf, shellSpec } from '../sandbox.contract.ts';
import type { SandboxFactory } from '../sandbox.ts';
import { createOciSandboxFactory } from './oci-factory.ts';
import { layoutOf } from './layout.ts';

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
