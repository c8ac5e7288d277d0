import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockDataFolder } from './index.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearth-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a data folder in use is refused, naming the process that has it', () => {
  const lock = lockDataFolder(folder);
  expect(() => lockDataFolder(folder)).toThrow(
    `another Hearth server (process ${process.pid}) uses the data folder ${folder}`,
  );
  lock.release();
});

test('a data folder that was released can be claimed again', () => {
  lockDataFolder(folder).release();
  const again = lockDataFolder(folder);
  again.release();
  again.release();
});

test('the lock of another process dies with it, also by kill -9', async () => {
  const script = `
    import { lockDataFolder } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))};
    lockDataFolder(process.argv[1]);
    console.log('locked');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, folder]);
  const exited = once(child, 'exit');
  await once(child.stdout, 'data');
  expect(() => lockDataFolder(folder)).toThrow(`(process ${child.pid})`);
  child.kill('SIGKILL');
  await exited;
  lockDataFolder(folder).release();
});
