import { readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

/** Names of the groups directly inside a group; none where it does not exist. */
export function listGroups(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch {
    return [];
  }
}

/** Removes one group with the groups below it; false while it still holds a process. */
export function removeGroup(folder: string): boolean {
  try {
    for (const name of listGroups(folder)) removeGroup(join(folder, name));
    rmdirSync(folder);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT';
  }
}
