import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { randomIds, WallClock } from '../../base/index.ts';
import { CodeStore, mergedKey } from './code-store.ts';

let folder: string;
let store: CodeStore;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hearth-code-'));
  store = await CodeStore.open({ folder, clock: new WallClock(), ids: randomIds });
});

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const unix = (mode: number): { os: number; attrs: number } => ({ os: 3, attrs: (mode << 16) >>> 0 });
const sha = (zip: Uint8Array): string => createHash('sha256').update(zip).digest('hex');
const hold = (zip: Uint8Array): Promise<string> => store.keep(zip, async (stored) => stored.sha256Hex);

test('an archive is stored under its hash, extracted, with the modes and links it had', async () => {
  const zip = zipSync({
    bootstrap: [bytes('#!/bin/sh\n'), unix(0o100700)],
    'lib/data.txt': [bytes('data'), unix(0o100600)],
    'lib/link': [bytes('data.txt'), unix(0o120777)],
  });
  const stored = await store.keep(zip, async (found) => found);
  expect(stored).toEqual({ sha256Hex: sha(zip), zippedBytes: zip.length, unzippedBytes: 10 + 4 + 8 });
  const root = store.root(stored.sha256Hex);
  expect(statSync(join(root, 'bootstrap')).mode & 0o7777).toBe(0o755);
  expect(statSync(join(root, 'lib/data.txt')).mode & 0o7777).toBe(0o644);
  expect(statSync(join(root, 'lib')).mode & 0o7777).toBe(0o755);
  expect(readlinkSync(join(root, 'lib/link'))).toBe('data.txt');
  expect(readFileSync(store.archivePath(stored.sha256Hex))).toEqual(Buffer.from(zip));
});

test('a zip made by Python, with a file above the piecemeal bound, comes out byte for byte', async () => {
  const path = join(folder, 'made.zip');
  execFileSync('python3', [
    '-c',
    `import zipfile,sys
z=zipfile.ZipFile(sys.argv[1],'w',zipfile.ZIP_DEFLATED)
z.writestr('big.bin', bytes(range(256))*40000)
z.writestr(zipfile.ZipInfo('stored.bin'), b'x'*5000000)
z.close()`,
    path,
  ]);
  const root = store.root(await hold(readFileSync(path)));
  expect(statSync(join(root, 'big.bin')).size).toBe(10_240_000);
  expect(statSync(join(root, 'stored.bin')).size).toBe(5_000_000);
  expect(readFileSync(join(root, 'big.bin')).subarray(256, 260)).toEqual(Buffer.from([0, 1, 2, 3]));
});

test('the same archive again is stored once, also when both arrive together', async () => {
  const zip = zipSync({ 'a.py': bytes('a') });
  const hashes = await Promise.all([hold(zip), hold(zip), hold(zip)]);
  expect(new Set(hashes).size).toBe(1);
  expect(readdirSync(join(folder, 'objects'))).toHaveLength(1);
  expect(readdirSync(join(folder, 'staging'))).toEqual([]);
});

test('later layers overwrite earlier ones, and nothing is written through a link', async () => {
  const first = await hold(
    zipSync({
      'python/shared.py': bytes('first'),
      'python/only-first.py': bytes('1'),
      lib: [bytes('python'), unix(0o120777)],
    }),
  );
  const second = await hold(zipSync({ 'python/shared.py': bytes('second'), 'lib/shared.py': bytes('lib') }));
  const root = await store.mergedRoot([first, second]);
  expect(readFileSync(join(root, 'python/shared.py'), 'utf8')).toBe('second');
  expect(readFileSync(join(root, 'python/only-first.py'), 'utf8')).toBe('1');
  expect(lstatSync(join(root, 'lib')).isDirectory()).toBe(true);
  expect(readFileSync(join(store.root(first), 'python/shared.py'), 'utf8')).toBe('first');
  const turned = await store.mergedRoot([second, first]);
  expect(readFileSync(join(turned, 'python/shared.py'), 'utf8')).toBe('first');
  expect(lstatSync(join(turned, 'lib')).isSymbolicLink()).toBe(true);
});

test('a sweep removes what nothing refers to and keeps what is referred to or being deployed', async () => {
  const [kept, dropped] = [await hold(zipSync({ a: bytes('a') })), await hold(zipSync({ b: bytes('b') }))];
  await store.mergedRoot([kept, dropped]);
  const held = zipSync({ c: bytes('c') });
  await store.keep(held, async () => {
    const removed = await store.sweep(async () => new Set([kept]));
    expect([...removed].sort()).toEqual([dropped, mergedKey([kept, dropped])].sort());
  });
  expect(store.root(kept)).toContain(kept);
  expect(store.root(sha(held))).toContain(sha(held));
  expect(() => store.root(dropped)).toThrow('no longer on disk');
});

test('what a crash left half made is gone after the next start', async () => {
  await expect(hold(bytes('not a zip'))).rejects.toThrow();
  execFileSync('mkdir', ['-p', join(folder, 'staging/half/root/x')]);
  await CodeStore.open({ folder, clock: new WallClock(), ids: randomIds });
  expect(readdirSync(join(folder, 'staging'))).toEqual([]);
  expect(readdirSync(join(folder, 'objects'))).toEqual([]);
});
