import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A file of this name in a layer turns extensions off (runtime.md, 2). */
const DISABLING_FILE = 'disable-extensions-jwigqn8j';

/** What the layers of a function bring to run beside its runtime. */
export interface ExternalExtensions {
  /** False where a layer turned them off, with the whole API. */
  readonly enabled: boolean;
  /** Every file directly in `extensions/`, whether or not it can be executed; sorted. */
  readonly names: readonly string[];
}

/** Looks into the host's folder of a function's layers. */
export async function findExternalExtensions(opt: string | undefined): Promise<ExternalExtensions> {
  if (opt === undefined) return { enabled: true, names: [] };
  const enabled = !(await isFile(join(opt, DISABLING_FILE)));
  const folder = join(opt, 'extensions');
  const entries = enabled ? await readdir(folder).catch((): string[] => []) : [];
  const files = await Promise.all(
    entries.map(async (name) => ((await isFile(join(folder, name))) ? [name] : [])),
  );
  return { enabled, names: files.flat().sort((left, right) => (left < right ? -1 : 1)) };
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
}
