import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Where system programs are, also for a root whose PATH leaves out the sbin folders. */
const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Absolute path of a system program; undefined where it is not installed. */
export function findProgram(name: string): string | undefined {
  return FOLDERS.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The command by which this system installs packages that are named alike on all of them. */
export function installCommand(packages: string): string {
  if (findProgram('apt-get')) return `sudo apt-get install -y ${packages}`;
  if (findProgram('dnf')) return `sudo dnf install -y ${packages}`;
  if (findProgram('apk')) return `sudo apk add ${packages}`;
  if (findProgram('pacman')) return `sudo pacman -S --noconfirm ${packages}`;
  return `install ${packages}`;
}
