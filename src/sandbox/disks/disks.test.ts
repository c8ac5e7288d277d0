import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ociIsPossible } from '../sandbox.contract.ts';
import { createMounter, type Mounter, mountPointsUnder } from '../system/mounts.ts';
import { loadNativeLibrary } from '../system/native.ts';
import { type Disks, LoopDisks, MemoryDisks } from './disks.ts';

const MIB = 1024 * 1024;

interface Kind {
  readonly name: string;
  readonly open: (folder: string, spares: number) => Promise<Disks>;
}

async function mounterOf(): Promise<Mounter> {
  return createMounter(await loadNativeLibrary());
}

const kinds: readonly Kind[] = [
  { name: 'on loop devices', open: async (folder, spares) => openLoopDisks(folder, spares) },
  { name: 'in memory', open: async (folder) => new MemoryDisks(join(folder, 'mounts'), await mounterOf()) },
];

async function openLoopDisks(folder: string, spares: number): Promise<Disks> {
  const library = await loadNativeLibrary();
  const mounter = createMounter(library);
  return new LoopDisks({
    imageDir: join(folder, 'images'),
    mountDir: join(folder, 'mounts'),
    library,
    mounter,
    spares,
  });
}

describe.skipIf(!(await ociIsPossible())).each(kinds)('a disk $name', ({ open }) => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'disks-'));
    for (const name of ['images', 'mounts']) mkdirSync(join(folder, name));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('is empty, for everybody, and holds what was asked for', async () => {
    const disks = await open(folder, 0);
    const disk = await disks.take(600 * MIB);
    expect(readdirSync(disk.path)).toEqual([]);
    expect(statSync(disk.path).mode & 0o7777).toBe(0o1777);
    const { bavail, bsize } = statfsSync(disk.path);
    expect(bavail * bsize).toBeGreaterThanOrEqual(600 * MIB);
    expect(bavail * bsize).toBeLessThan(660 * MIB);
    await disk.destroy();
    await disks.close();
    expect(readdirSync(join(folder, 'mounts'))).toEqual([]);
  });

  test('is full at its size', async () => {
    const disks = await open(folder, 0);
    const disk = await disks.take(8 * MIB);
    expect(() => writeFileSync(join(disk.path, 'bomb'), Buffer.alloc(40 * MIB))).toThrow('ENOSPC');
    await disk.destroy();
    await disks.close();
  });

  test('shares nothing with the next one', async () => {
    const disks = await open(folder, 2);
    for (let round = 0; round < 6; round++) {
      const disk = await disks.take(16 * MIB);
      expect(readdirSync(disk.path)).toEqual([]);
      writeFileSync(join(disk.path, 'secret'), 'x');
      await disk.destroy();
    }
    await disks.close();
  });

  test('leaves no mount, image or folder, spares included, whatever sizes were asked for', async () => {
    const disks = await open(folder, 2);
    const sizes = [8, 16, 24, 32, 40, 48].map((mib) => mib * MIB);
    const taken = await Promise.all(sizes.flatMap((bytes) => [disks.take(bytes), disks.take(bytes)]));
    for (const disk of taken) await disk.destroy();
    await disks.close();
    expect(mountPointsUnder(folder)).toEqual([]);
    expect(readdirSync(folder).flatMap((name) => readdirSync(join(folder, name)))).toEqual([]);
    expect(readFileSync('/proc/mounts', 'utf8')).not.toContain(folder);
  });
});
