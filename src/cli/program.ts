import { Command as Commander, CommanderError, Option } from 'commander';
import {
  type Command,
  type CommandContext,
  exitCodes,
  type Flag,
  type FlagValues,
  UsageError,
} from './command.ts';
import { Output, type Terminal } from './output.ts';

/** What the program is given by the process it runs in. */
export interface ProgramEnvironment {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  readonly signal: AbortSignal;
  readonly version: string;
}

/** Runs one command line and gives the exit code. */
export async function runProgram(commands: readonly Command[], given: ProgramEnvironment): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const program = new Commander('hearth')
    .description('AWS Lambda on machines you own: isolated, limited, measured, without Docker.')
    .version(given.version)
    .configureHelp(helpStyle)
    .addHelpText('after', exitCodeHelp)
    .showHelpAfterError('(add --help for what it takes)')
    .configureOutput({ writeErr: (message) => void given.stderr.write(message) })
    .exitOverride();
  for (const command of commands) {
    program.addCommand(
      build(command, program).action(async (...parameters: unknown[]) => {
        const [values, args] = split(parameters);
        exitCode = await command.run(values, args, contextFor(values, given));
      }),
    );
  }
  try {
    await program.parseAsync([...given.argv]);
    return exitCode;
  } catch (error) {
    return explain(error, given);
  }
}

/** As wide as a terminal that nobody made wider; flags are not part of a command's name. */
const helpStyle = {
  helpWidth: 80,
  subcommandTerm: (command: Commander) => [command.name(), argumentsOf(command)].join(' ').trim(),
};

function argumentsOf(command: Commander): string {
  return command.registeredArguments
    .map((argument) => (argument.required ? `<${argument.name()}>` : `[${argument.name()}]`))
    .join(' ');
}

const exitCodeHelp = `
Exit codes:
  0  done
  1  what was asked for failed: the message says why
  2  wrong flags or arguments
  3  the function ran and answered with an error (invoke)
  4  nothing answers at the endpoint

"hearth COMMAND --help" shows what a command takes.`;

function build(command: Command, program: Commander): Commander {
  const about = command.details ? `${command.summary}.\n\n${command.details}` : `${command.summary}.`;
  const built = new Commander(command.name).summary(command.summary).description(about);
  if (command.args) built.arguments(command.args);
  for (const flag of [...command.flags, outputFlag]) built.addOption(option(flag));
  built
    .copyInheritedSettings(program)
    .addHelpText('after', `\nExamples:\n${command.examples.map((line) => `  ${line}`).join('\n')}`);
  return built;
}

const outputFlag: Flag = {
  flags: '--output <format>',
  description: 'how to print the result',
  default: 'text',
  choices: ['text', 'json'],
};

function option(flag: Flag): Option {
  const built = new Option(flag.flags, flag.description);
  if (flag.choices) built.choices([...flag.choices]);
  if (flag.repeat) {
    built.argParser((value: string, previous: readonly string[] | undefined) => [...(previous ?? []), value]);
  } else if (flag.default !== undefined) {
    built.default(flag.default);
  }
  return built;
}

/** Commander passes the arguments, then the flags under camel-cased names, then itself. */
function split(parameters: readonly unknown[]): [FlagValues, string[]] {
  const flags = parameters.at(-2) as Record<string, string | boolean | string[]>;
  const args = parameters
    .slice(0, -2)
    .flat()
    .filter((value) => typeof value === 'string');
  const named = Object.entries(flags).map(([name, value]) => [
    name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    value,
  ]);
  return [Object.fromEntries(named) as FlagValues, args];
}

function contextFor(values: FlagValues, given: ProgramEnvironment): CommandContext {
  const format = values['output'] === 'json' ? 'json' : 'text';
  return {
    output: new Output(format, given.stdout, given.stderr),
    env: given.env,
    signal: given.signal,
    version: given.version,
  };
}

function explain(error: unknown, { stderr, signal }: ProgramEnvironment): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (signal.aborted) return exitCodes.ok;
  const facts = error instanceof Error ? error : new Error(String(error));
  if (isUnreachable(facts)) {
    stderr.write(
      `Nothing answers at the endpoint (${facts.message}). Is Hearth running? Start it with: hearth start\n`,
    );
    return exitCodes.unreachable;
  }
  stderr.write(`${hasOwnName(facts) ? `${facts.name}: ` : ''}${facts.message}\n`);
  return error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
}

function isUnreachable(error: Error): boolean {
  const code = 'code' in error ? error.code : undefined;
  return code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'ECONNRESET';
}

/** Names of AWS's errors are worth searching for; ours say nothing. */
function hasOwnName({ name }: Error): boolean {
  return name !== 'Error' && name !== 'UsageError';
}
