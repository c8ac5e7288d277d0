import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findCredentials } from './find-credentials.ts';
import { readFolder } from './read-folder.ts';
import { zipEntries } from './zip-entries.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearth-package-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(path: string, content: string): string {
  const full = join(folder, path);
  mkdirSync(join(full, '..'), { recursive: true });
  writeFileSync(full, content);
  return full;
}

test('a package holds what the folder holds, in a fixed order, with modes and links', () => {
  write('b.py', 'pass');
  chmodSync(write('bin/run', '#!/bin/sh\n'), 0o755);
  symlinkSync('b.py', join(folder, 'a.py'));
  expect(readFolder(folder).map(({ path, kind, executable }) => ({ path, kind, executable }))).toEqual([
    { path: 'a.py', kind: 'symlink', executable: false },
    { path: 'b.py', kind: 'file', executable: false },
    { path: 'bin/run', kind: 'file', executable: true },
  ]);
});

test('what the ignore file names, and what no function needs, stays out', () => {
  write('.hearthignore', 'tests/\n*.md\n!KEEP.md\n!.env\n');
  for (const path of [
    'app.py',
    'tests/test_app.py',
    'README.md',
    'KEEP.md',
    '.git/HEAD',
    '__pycache__/app.pyc',
    '.env',
    'node_modules/x/index.js',
  ]) {
    write(path, 'x');
  }
  expect(readFolder(folder).map(({ path }) => path)).toEqual([
    'KEEP.md',
    'app.py',
    'node_modules/x/index.js',
  ]);
});

test('the same files give the same bytes whenever they were written', () => {
  const file = write('app.py', 'print(1)');
  const first = zipEntries(readFolder(folder));
  utimesSync(file, new Date(2001, 1, 1), new Date(2001, 1, 1));
  expect(zipEntries(readFolder(folder))).toEqual(first);
  write('app.py', 'print(2)');
  expect(zipEntries(readFolder(folder))).not.toEqual(first);
});

test('credentials in code and in variables are pointed at, and harmless text is not', () => {
  write('settings.py', 'KEY = "AKIAABCDEFGHIJKLMNOP"');
  write('harmless.py', 'KEY = "AKIA is how access keys begin"');
  const warnings = findCredentials(readFolder(folder), {
    DB_PASSWORD: 'hunter2hunter2',
    STAGE: 'test',
    TOKEN: 'short',
  });
  expect(warnings).toEqual([
    'settings.py contains an AWS access key',
    'environment variable DB_PASSWORD looks like a secret: everyone who may read the function can read it',
  ]);
});
