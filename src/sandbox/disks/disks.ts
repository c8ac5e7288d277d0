import { closeSync } from 'node:fs';
import { mkdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MOUNT_NOATIME, MOUNT_NODEV, MOUNT_NOSUID, type Mounter } from '../system/mounts.ts';
import type { NativeLibrary } from '../system/native.ts';
import { type DiskImage, formatImage, readImage, writeImage } from './image.ts';
import { createLoopDevices, type LoopDevices } from './loop-device.ts';

/** A sized, empty file system, mounted on the host and writable by everybody, to become one sandbox's `/tmp`. */
export interface Disk {
  readonly path: string;
  readonly bytes: number;
  /** Unmounts it; its contents are gone. */
  destroy(): Promise<void>;
}

/** Hands out disks, some of them made ahead. */
export interface Disks {
  take(bytes: number): Promise<Disk>;
  close(): Promise<void>;
}

/** Disks for machines without loop devices: in memory, charged to whoever writes. */
export class MemoryDisks implements Disks {
  readonly #mountDir: string;
  readonly #mounter: Mounter;
  #made = 0;

  constructor(mountDir: string, mounter: Mounter) {
    this.#mountDir = mountDir;
    this.#mounter = mounter;
  }

  async take(bytes: number): Promise<Disk> {
    const path = join(this.#mountDir, `${process.pid}-${++this.#made}`);
    await mkdir(path);
    const flags = MOUNT_NOSUID | MOUNT_NODEV;
    const data = `size=${bytes},mode=1777`;
    await this.#mounter.mount({ source: 'tmp', target: path, type: 'tmpfs', flags, data });
    return mountedDisk(path, bytes, this.#mounter);
  }

  async close(): Promise<void> {}
}

function mountedDisk(path: string, bytes: number, mounter: Mounter): Disk {
  const destroy = async (): Promise<void> => {
    await mounter.unmount(path);
    await rmdir(path);
  };
  return { path, bytes, destroy };
}

interface LoopDisksOptions {
  /** On a real disk: images live here for an instant, unlinked as soon as they are attached. */
  readonly imageDir: string;
  readonly mountDir: string;
  readonly library: NativeLibrary;
  readonly mounter: Mounter;
  /** How many disks of each size to keep ready. */
  readonly spares: number;
}

/** Sizes for which spares are kept; most functions leave theirs at 512 MB. */
const MAX_SPARE_SIZES = 4;
/** Empty file systems kept in memory, some 100 KB each. */
const MAX_IMAGES = 16;

/**
 * Sparse ext4 images on loop devices. A tmpfs would be charged to the memory of who writes to it: 300 MB in `/tmp`
 * would kill a function of 128 MB. Spares take the making of a disk off the path of a start.
 */
export class LoopDisks implements Disks {
  readonly #options: LoopDisksOptions;
  readonly #loops: LoopDevices;
  readonly #images = new Map<number, Promise<DiskImage>>();
  readonly #spares = new Map<number, Promise<Disk>[]>();
  readonly #discarding = new Set<Promise<void>>();
  #made = 0;

  constructor(options: LoopDisksOptions) {
    this.#options = options;
    this.#loops = createLoopDevices(options.library);
  }

  async take(bytes: number): Promise<Disk> {
    const spares = this.#sparesOf(bytes);
    const disk = await (spares.shift() ?? this.#make(bytes));
    this.#refill(bytes, spares);
    return disk;
  }

  async close(): Promise<void> {
    const sizes = [...this.#spares.keys()];
    for (const bytes of sizes) this.#discardSpares(bytes);
    await Promise.allSettled(this.#discarding);
  }

  /** The spares of a size, which becomes the last one to be given up. */
  #sparesOf(bytes: number): Promise<Disk>[] {
    const spares = this.#spares.get(bytes) ?? [];
    this.#spares.delete(bytes);
    this.#spares.set(bytes, spares);
    const [oldest] = this.#spares.keys();
    if (oldest !== undefined && this.#spares.size > MAX_SPARE_SIZES) this.#discardSpares(oldest);
    return spares;
  }

  #discardSpares(bytes: number): void {
    const spares = this.#spares.get(bytes) ?? [];
    this.#spares.delete(bytes);
    for (const spare of spares) {
      const discarded = destroyWhenMade(spare).finally(() => this.#discarding.delete(discarded));
      discarded.catch(() => undefined);
      this.#discarding.add(discarded);
    }
  }

  #refill(bytes: number, spares: Promise<Disk>[]): void {
    if (this.#spares.get(bytes) !== spares) return;
    while (spares.length < this.#options.spares) {
      const spare = this.#make(bytes);
      spares.push(spare);
      spare.catch(() => {
        const index = spares.indexOf(spare);
        if (index !== -1) void spares.splice(index, 1);
      });
    }
  }

  async #make(bytes: number): Promise<Disk> {
    const { imageDir, mountDir, mounter } = this.#options;
    const name = `${process.pid}-${++this.#made}`;
    const path = join(mountDir, name);
    const imagePath = join(imageDir, `${name}.img`);
    try {
      await writeImage(imagePath, await this.#image(bytes));
      await mkdir(path);
      await this.#mountImage(imagePath, path);
      return mountedDisk(path, bytes, mounter);
    } catch (error) {
      await rmdir(path).catch(() => undefined);
      throw error;
    } finally {
      await rm(imagePath, { force: true });
    }
  }

  async #mountImage(imagePath: string, target: string): Promise<void> {
    const device = await this.#loops.attach(imagePath);
    try {
      const flags = MOUNT_NOSUID | MOUNT_NODEV | MOUNT_NOATIME;
      const data = 'noinit_itable,nobarrier';
      await this.#options.mounter.mount({ source: device.path, target, type: 'ext4', flags, data });
    } finally {
      closeSync(device.fd);
    }
  }

  #image(bytes: number): Promise<DiskImage> {
    const known = this.#images.get(bytes);
    if (known) return known;
    const image = this.#formatAndRead(bytes);
    this.#images.set(bytes, image);
    const [oldest] = this.#images.keys();
    if (oldest !== undefined && this.#images.size > MAX_IMAGES) this.#images.delete(oldest);
    image.catch(() => this.#images.delete(bytes));
    return image;
  }

  async #formatAndRead(bytes: number): Promise<DiskImage> {
    const { imageDir, library } = this.#options;
    const path = join(imageDir, `master-${bytes}.img`);
    try {
      await formatImage(path, bytes);
      return await readImage(path, library);
    } finally {
      await rm(path, { force: true });
    }
  }
}

async function destroyWhenMade(disk: Promise<Disk>): Promise<void> {
  await (await disk).destroy();
}
