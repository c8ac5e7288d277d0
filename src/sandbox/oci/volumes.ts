import { mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SandboxVolume } from '../sandbox.ts';
import { idMappedMounts, type IdMappedMounts } from '../system/id-mapped-mounts.ts';
import { type Mounter, mountPointsUnder } from '../system/mounts.ts';
import type { NativeLibrary } from '../system/native.ts';

/** The volumes of one sandbox, where they are mounted for it alone. */
export interface MountedVolumes {
  /** `source` is the mount point. */
  readonly mounted: readonly SandboxVolume[];
  unmount(): Promise<void>;
}

/** Any id will do to try. */
const SOME_UID = 1_700_000_000;

/**
 * Folders of the host, one mount for each sandbox, since each sandbox has a user id of its own. Nothing here removes a
 * folder with what is in it: behind a mount point are a user's files.
 */
export class Volumes {
  readonly #folder: string;
  readonly #mounter: Mounter;
  readonly #mapped: IdMappedMounts;

  constructor(folder: string, mounter: Mounter, library: NativeLibrary) {
    this.#folder = folder;
    this.#mounter = mounter;
    this.#mapped = idMappedMounts(library);
  }

  /** Rejects with a `SandboxError` where the folder cannot be mounted. */
  async check(source: string): Promise<void> {
    using _mount = await this.#mapped.clone(source, SOME_UID);
  }

  async mount(id: string, volumes: readonly SandboxVolume[], uid: number): Promise<MountedVolumes> {
    const mounted: SandboxVolume[] = [];
    const unmount = async (): Promise<void> => {
      for (const { source } of mounted.splice(0)) await this.#remove(source);
    };
    try {
      for (const [index, volume] of volumes.entries()) {
        const point = join(this.#folder, `${id}.${index}`);
        using mount = await this.#mapped.clone(volume.source, uid);
        mkdirSync(point, { mode: 0o700 });
        mounted.push({ ...volume, source: point });
        mount.attach(point);
      }
    } catch (error) {
      await unmount();
      throw error;
    }
    return { mounted: [...mounted], unmount };
  }

  /** Takes away what a crashed server left mounted. */
  async sweep(): Promise<void> {
    for (const name of readdirSync(this.#folder)) await this.#remove(join(this.#folder, name));
  }

  async #remove(point: string): Promise<void> {
    for (const mountPoint of mountPointsUnder(point)) await this.#mounter.unmount(mountPoint);
    rmdirSync(point);
  }
}
