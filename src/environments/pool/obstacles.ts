import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { LateBinding } from '../../runtimes/index.ts';
import type { PreparedVersion } from '../services.ts';

/** What lies where it is looked for when a runtime starts, by the names in each folder; absent folders are empty. */
export interface StartFolders {
  readonly task: readonly string[];
  readonly taskLib: readonly string[];
  readonly optLib: readonly string[];
  readonly extensions: readonly string[];
}

/**
 * Why code or layers want their runtime started for them alone, one clause; undefined where they do not. The loader takes
 * libraries from these folders for the interpreter itself, and remembers which of the folders there were.
 */
export function obstacleIn({ task, taskLib, optLib, extensions }: StartFolders): string | undefined {
  if (extensions.length > 0) return 'a layer brings extensions, which start before the runtime';
  const library = [...task, ...taskLib, ...optLib].find((name) => /\.so(\.\d+)*$/.test(name));
  return library && `${library} is a library that the interpreter may be linked with when it starts`;
}

/** The plan's own answer, unless code or layers object. */
export async function lateBindingIn(prepared: PreparedVersion): Promise<LateBinding | undefined> {
  const { plan, task, opt } = prepared;
  if (!plan.late || 'fromScratch' in plan.late) return plan.late;
  const inLayers = (name: string): Promise<readonly string[]> =>
    opt === undefined ? NOTHING : namesIn(join(opt, name));
  const [inTask, taskLib, optLib, extensions] = await Promise.all([
    namesIn(task),
    namesIn(join(task, 'lib')),
    inLayers('lib'),
    inLayers('extensions'),
  ]);
  const obstacle = obstacleIn({ task: inTask, taskLib, optLib, extensions });
  return obstacle === undefined ? plan.late : { fromScratch: obstacle };
}

const NOTHING = Promise.resolve([]);

function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}
