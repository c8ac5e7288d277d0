import {
  addRuntime,
  CannotAddRuntime,
  CannotProvideDebugger,
  type LibraryReport,
  provisionDebugpy,
  provisionRuntimeLibraries,
  refreshJava,
} from '../../runtimes/index.ts';
import { type Command, type CommandContext, exitCodes, type FlagValues, UsageError } from '../command.ts';
import { machineFor, localRuntimes } from '../local-runtimes.ts';
import type { Output } from '../output.ts';
import { printRuntimes } from '../runtime-list.ts';

export const runtimes: Command = {
  name: 'runtimes',
  summary: 'The runtimes of this machine, and how to add one',
  details: `hearth runtimes              which there are
hearth runtimes add RUNTIME  fetch one: Node.js from npm, Python by uv, AWS's client for Java
hearth runtimes add debugpy  fetch the debugger of Python ahead of time
hearth runtimes prepare      fetch the AWS SDKs that functions find in them`,
  args: '[action] [runtime]',
  flags: [{ flags: '--data-dir <folder>', description: 'where runtimes are added to' }],
  examples: ['hearth runtimes', 'hearth runtimes add nodejs22.x', 'hearth runtimes prepare'],
  async run(values, [action, identifier], context) {
    if (action === undefined) return list(values, context);
    if (action === 'add' && identifier) return add(identifier, values, context);
    if (action === 'prepare' && !identifier) return prepare(values, context);
    throw new UsageError('runtimes takes nothing, add RUNTIME, or prepare');
  },
};

async function list(values: FlagValues, context: CommandContext): Promise<number> {
  const { output } = context;
  const all = await localRuntimes(values, context).list();
  if (output.format === 'json') output.json(all);
  else printRuntimes(output, all);
  return exitCodes.ok;
}

/** Not a runtime, but brought here in the same way: what `hearth invoke --inspect` of a Python function needs. */
const DEBUGPY = 'debugpy';

async function add(identifier: string, values: FlagValues, context: CommandContext): Promise<number> {
  const { output } = context;
  try {
    if (identifier === DEBUGPY) {
      const { path } = await provisionDebugpy(machineFor(values, context));
      if (output.format === 'json') output.json({ identifier, path });
      else output.line(`${identifier}: at ${path}`);
      return exitCodes.ok;
    }
    const added = await addRuntime(machineFor(values, context), identifier, fetching(output));
    if (output.format === 'json') output.json(added);
    else output.line(`${identifier}: ${added.version} at ${added.path}`);
    noteMissing(output, added.libraries);
    return exitCodes.ok;
  } catch (error) {
    if (!(error instanceof CannotAddRuntime || error instanceof CannotProvideDebugger)) throw error;
    output.note(error.message);
    return exitCodes.failed;
  }
}

/** What set-up runs: functions find boto3 and the AWS SDK for JavaScript without bringing them, as on AWS. */
async function prepare(values: FlagValues, context: CommandContext): Promise<number> {
  const { output } = context;
  const machine = machineFor(values, context);
  const reports = await provisionRuntimeLibraries(machine, ['nodejs', 'python'], fetching(output));
  await refreshJava(machine, fetching(output)).catch((error: unknown) => {
    if (!(error instanceof CannotAddRuntime)) throw error;
    output.note(`${error.message}\nJava functions do not start before it is there.`);
  });
  if (output.format === 'json') output.json(reports);
  else for (const { outcome, detail } of reports) if (outcome !== 'missing') output.line(detail);
  noteMissing(output, reports);
  return exitCodes.ok;
}

function fetching(output: Output): (what: string) => void {
  return (what) => output.note(`Fetching ${what} …`);
}

function noteMissing(output: Output, reports: readonly LibraryReport[]): void {
  for (const { outcome, detail } of reports) {
    if (outcome === 'missing')
      output.note(`${detail}\nFunctions run, but have to bring this SDK themselves.`);
  }
}
