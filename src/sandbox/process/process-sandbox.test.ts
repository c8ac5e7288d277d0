import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLog, WallClock } from '../../base/index.ts';
import { describeSandboxContract, outcomeOf, outputUntil, shellSpec } from '../sandbox.contract.ts';
import { SandboxError } from '../sandbox-error.ts';
import type { InsideView, SandboxFactory } from '../sandbox.ts';
import { createProcessSandboxFactory } from './process-factory.ts';

const log = createLog('warn');

describeSandboxContract('a process sandbox', true, (stateDir) =>
  createProcessSandboxFactory({ stateDir, log, clock: new WallClock() }),
);

describe('a process sandbox', () => {
  let folder: string;
  let factory: SandboxFactory;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'process-sandbox-'));
    factory = await createProcessSandboxFactory({
      stateDir: join(folder, 'state'),
      log,
      clock: new WallClock(),
    });
  });
  afterEach(async () => {
    await factory.close();
    rmSync(folder, { recursive: true });
  });

  test('says of every limit that it does not enforce that it does not', () => {
    const { kind, enforced, gaps } = factory.capabilities;
    expect(kind).toBe('process');
    for (const limit of ['memory', 'cpu', 'pids', 'tmp-size', 'network', 'file-system', 'system-calls']) {
      expect(enforced).not.toContain(limit);
    }
    for (const word of ['Memory', 'CPU', 'processes', '/tmp', 'Files', 'network', 'System calls']) {
      expect(gaps.filter((gap) => gap.includes(word))).not.toEqual([]);
    }
  });

  test('refuses a root file system of its own', async () => {
    await expect(factory.start(shellSpec('true', { root: folder }))).rejects.toThrow(SandboxError);
  });

  test('bounds open files', async () => {
    const sandbox = await factory.start(shellSpec('ulimit -Hn; ulimit -n', { openFiles: 300 }));
    expect((await outcomeOf(sandbox)).stdout).toBe('300\n300\n');
  });

  test.runIf(process.platform === 'linux')(
    'ends whoever left the process group, when the command ends',
    async () => {
      const script = 'setsid setsid sleep 424243 & echo ready; [ -n "$GO_ON" ] && sleep 1000; exit 0';
      const ended = await factory.start(shellSpec(script));
      expect((await outcomeOf(ended)).exit).toEqual({ exitCode: 0, outOfMemory: false });
      const destroyed = await factory.start(shellSpec(script, { env: { GO_ON: '1' } }));
      await outputUntil(destroyed, 'ready');
      await destroyed.destroy();
      expect(running('sleep 424243')).toBe(0);
    },
  );

  test.runIf(process.getuid?.() === 0)(
    'reaches code and interpreters behind closed folders, as another user',
    async () => {
      const closed = join(folder, 'closed');
      const source = join(closed, 'task');
      mkdirSync(join(source, 'package'), { recursive: true });
      writeFileSync(join(source, 'package', 'module.txt'), 'code', { mode: 0o600 });
      symlinkSync('package/module.txt', join(source, 'link.txt'));
      chmodSync(closed, 0o700);
      const script = (inside: InsideView): string => `id -u; cat ${inside.path('/var/task')}/link.txt`;
      const spec = shellSpec(script, { mounts: [{ source, target: '/var/task' }] });
      const { stdout, stderr } = await outcomeOf(await factory.start(spec));
      expect(stderr).toBe('');
      expect(stdout).toMatch(/^1\d{9}\ncode$/);
    },
  );

  test.runIf(process.getuid?.() === 0)('keeps the /tmp of another sandbox closed', async () => {
    const first = await factory.start(
      shellSpec('echo secret >$TMPDIR/secret; echo $TMPDIR; echo ready; sleep 1000; exit'),
    );
    const [tmp = ''] = (await outputUntil(first, 'ready')).split('\n');
    const { stdout, stderr } = await outcomeOf(
      await factory.start(shellSpec(`cat ${tmp}/secret; ls ${tmp}`)),
    );
    expect(stdout).toBe('');
    expect(stderr).toContain('Permission denied');
  });

  test.runIf(process.platform === 'linux')(
    'is swept with its processes after the server was killed',
    async () => {
      const stateDir = join(folder, 'crashed');
      const script = `
      import { createLog, WallClock } from '${join(import.meta.dirname, '../../base/index.ts')}';
      import { createProcessSandboxFactory } from '${join(import.meta.dirname, 'process-factory.ts')}';
      const factory = await createProcessSandboxFactory({ stateDir: '${stateDir}', log: createLog('error'), clock: new WallClock() });
      const program = (inside) => ({ command: ['/bin/bash', '-c', 'setsid sleep 424244 & echo ready; wait'], env: { PATH: '/usr/bin:/bin' }, cwd: inside.path('/tmp') });
      const sandbox = await factory.start({ id: 'left', program, mounts: [], listeners: [], tmpBytes: 1, memoryBytes: 1, pids: 1, openFiles: 64 });
      sandbox.stdout.once('data', () => console.log('started'));
      setInterval(() => undefined, 1000);`;
      const server = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(server.stdout, 'data');
      server.kill('SIGKILL');
      await once(server, 'exit');
      await expect.poll(() => running('sleep 424244')).toBe(1);
      const next = await createProcessSandboxFactory({
        stateDir,
        log: createLog('silent'),
        clock: new WallClock(),
      });
      expect(await next.sweep()).toEqual({ removed: ['left'] });
      expect(running('sleep 424244')).toBe(0);
      expect(await next.sweep()).toEqual({ removed: [] });
      await next.close();
    },
  );
});

function running(command: string): number {
  const listing = execFileSync('ps', ['-eo', 'stat=,args='], { encoding: 'utf8' });
  return listing.split('\n').filter((line) => !line.startsWith('Z') && line.endsWith(command)).length;
}
