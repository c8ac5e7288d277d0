import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LateBinding } from '../../runtimes/index.ts';
import type { SandboxSpec } from '../../sandbox/index.ts';
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

/**
 * The plan's own answer, unless code or layers object. Looked up without leaving the thread: four small folders take 40 µs,
 * four turns of other threads up to 10 ms on a busy machine.
 */
export function lateBindingIn(prepared: PreparedVersion): LateBinding | undefined {
  const { plan, task, opt } = prepared;
  if (!plan.late || 'fromScratch' in plan.late) return plan.late;
  const obstacle = obstacleIn({
    task: namesIn(task),
    taskLib: namesIn(join(task, 'lib')),
    optLib: opt === undefined ? [] : namesIn(join(opt, 'lib')),
    extensions: opt === undefined ? [] : namesIn(join(opt, 'extensions')),
  });
  return obstacle === undefined ? plan.late : { fromScratch: obstacle };
}

/** Whether a sandbox that was started without a function has all that this one is to have. */
export function fitsGeneric({ volumes = [], listeners }: SandboxSpec): boolean {
  return volumes.length === 0 && listeners.every(({ transport }) => transport === undefined);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
