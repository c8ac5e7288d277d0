import { localMachine, type Machine, MachineRuntimes } from '../runtimes/index.ts';
import { type CommandContext, type FlagValues, text } from './command.ts';
import { defaultDataFolder } from './data-folder.ts';

/** This machine, as a server on the same data folder sees it. */
export function machineFor(values: FlagValues, context: CommandContext): Machine {
  return localMachine(context.env, text(values, 'data-dir') ?? defaultDataFolder(context.env));
}

/** The runtimes of this machine, as a server on the same data folder sees them. */
export function localRuntimes(values: FlagValues, context: CommandContext): MachineRuntimes {
  return new MachineRuntimes(machineFor(values, context));
}
