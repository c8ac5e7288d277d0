import { closeSync, openSync } from 'node:fs';
import type { NativeFunction, NativeLibrary } from '../system/native.ts';

/** Attaches image files to loop devices that free themselves when their file system is unmounted (loop(4)). */
export interface LoopDevices {
  /** The device's path and a descriptor that keeps it alive until something is mounted from it. */
  attach(imagePath: string): Promise<{ readonly path: string; readonly fd: number }>;
}

const LOOP_CTL_GET_FREE = 0x4c82;
const LOOP_CONFIGURE = 0x4c0a;
const LO_FLAGS_AUTOCLEAR = 4;
const LOOP_CONFIG_BYTES = 304;
const FLAGS_OFFSET = 8 + 52;
/** Other programs look for free devices at the same time; each try gets another one. */
const ATTACH_TRIES = 64;

export function createLoopDevices(library: NativeLibrary): LoopDevices {
  const ioctl = library.bind('int ioctl(int fd, ulong request, uint8_t *argument)');
  return {
    attach: async (imagePath) => {
      const imageFd = openSync(imagePath, 'r+');
      try {
        return await attachFree(ioctl, imageFd);
      } finally {
        closeSync(imageFd);
      }
    },
  };
}

async function attachFree(ioctl: NativeFunction, imageFd: number): Promise<{ path: string; fd: number }> {
  for (let tries = 1; ; tries++) {
    const path = `/dev/loop${await freeDevice(ioctl)}`;
    const fd = openSync(path, 'r+');
    try {
      await ioctl.callAsync(fd, LOOP_CONFIGURE, loopConfig(imageFd));
      return { path, fd };
    } catch (error) {
      closeSync(fd);
      if (tries === ATTACH_TRIES) throw error;
    }
  }
}

async function freeDevice(ioctl: NativeFunction): Promise<number> {
  const control = openSync('/dev/loop-control', 'r+');
  try {
    return await ioctl.callAsync(control, LOOP_CTL_GET_FREE, null);
  } finally {
    closeSync(control);
  }
}

/** `struct loop_config` of linux/loop.h: descriptor, block size, then `loop_info64` with the flags. */
function loopConfig(imageFd: number): Uint8Array {
  const config = Buffer.alloc(LOOP_CONFIG_BYTES);
  config.writeUInt32LE(imageFd, 0);
  config.writeUInt32LE(LO_FLAGS_AUTOCLEAR, FLAGS_OFFSET);
  return config;
}
