import { join } from 'node:path';
import { machineRuntimes } from '../main.ts';
import type { MachineRuntimes } from '../runtimes/index.ts';
import { type CommandContext, type FlagValues, text } from './command.ts';
import { defaultDataFolder } from './data-folder.ts';

/** The runtimes of this machine, as a server on the same data folder sees them. */
export function localRuntimes(values: FlagValues, context: CommandContext): MachineRuntimes {
  const folder = text(values, 'data-dir') ?? defaultDataFolder(context.env);
  return machineRuntimes(context.env, join(folder));
}
