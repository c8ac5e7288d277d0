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

/**
 * Sparse ext4 images on loop devices. A tmpfs would be charged to the memory of who writes to it: 300 MB in `/tmp`
 * would kill a function of 128 MB. Spares take the making of a disk off the path of a start.
 */
export class LoopDisks implements Disks {
  readonly #options: LoopDisksOptions;
  readonly #loops: LoopDevices;
  readonly #images = new Map<number, Promise<DiskImage>>();
  readonly #spares = new Map<number, Promise<Disk>[]>();
  #made = 0;
  #closed = false;

  constructor(options: LoopDisksOptions) {
    this.#options = options;
    this.#loops = createLoopDevices(options.library);
  }

  async take(bytes: number): Promise<Disk> {
    const spares = this.#sparesOf(bytes);
    const disk = await (spares.shift() ?? this.#make(bytes));
    while (!this.#closed && spares.length < this.#options.spares) this.#addSpare(bytes, spares);
    return disk;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const spares = [...this.#spares.values()].flat();
    this.#spares.clear();
    await Promise.allSettled(spares.map(destroyWhenMade));
  }

  #sparesOf(bytes: number): Promise<Disk>[] {
    const spares = this.#spares.get(bytes) ?? [];
    this.#spares.delete(bytes);
    this.#spares.set(bytes, spares);
    const [oldest] = this.#spares.keys();
    if (oldest !== undefined && this.#spares.size > MAX_SPARE_SIZES) {
      for (const spare of this.#spares.get(oldest) ?? []) void destroyWhenMade(spare).catch(() => undefined);
      this.#spares.delete(oldest);
    }
    return spares;
  }

  #addSpare(bytes: number, spares: Promise<Disk>[]): void {
    const spare = this.#make(bytes);
    spares.push(spare);
    spare.catch(() => {
      const index = spares.indexOf(spare);
      if (index !== -1) void spares.splice(index, 1);
    });
  }

  async #make(bytes: number): Promise<Disk> {
    const { imageDir, mountDir, mounter } = this.#options;
    const name = String(++this.#made);
    const path = join(mountDir, name);
    const imagePath = join(imageDir, `${name}.img`);
    await Promise.all([this.#image(bytes).then((image) => writeImage(imagePath, image)), mkdir(path)]);
    try {
      await this.#mountImage(imagePath, path);
    } finally {
      await rm(imagePath, { force: true });
    }
    const destroy = async (): Promise<void> => {
      await mounter.unmount(path);
      await rmdir(path);
    };
    return { path, bytes, destroy };
  }

  async #mountImage(imagePath: string, target: string): Promise<void> {
    const device = this.#loops.attach(imagePath);
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
