import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FunctionVersion } from '../model/index.ts';
import type { PreparedVersion } from './services.ts';

/** Whether a custom runtime has no `bootstrap`, neither in its code nor in a layer. */
export async function lacksEntrypoint(
  version: FunctionVersion,
  { task, opt }: PreparedVersion,
): Promise<boolean> {
  if (!version.runtime.startsWith('provided')) return false;
  const folders = opt === undefined ? [task] : [task, opt];
  const found = await Promise.all(folders.map((folder) => isFile(join(folder, 'bootstrap'))));
  return !found.includes(true);
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
}
