import type { Output } from './output.ts';

/** One flag, in commander's syntax: `--port <number>`. */
export interface Flag {
  readonly flags: string;
  readonly description: string;
  readonly default?: string | boolean;
  readonly choices?: readonly string[];
  /** May be given several times. */
  readonly repeat?: boolean;
}

export type FlagValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** What a command gets besides its flags. */
export interface CommandContext {
  readonly output: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C, SIGTERM, or the end of the launcher. */
  readonly signal: AbortSignal;
  /** Of Hearth. */
  readonly version: string;
}

/** A command as data: the help text, the parser and the completion come from it. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** What else `--help` says before the flags; lines of at most 80 columns. */
  readonly details?: string;
  /** Commander's argument syntax: `<function>`, `[name]`. */
  readonly args?: string;
  readonly flags: readonly Flag[];
  /** Lines of `hearth help NAME` that show how it is used. */
  readonly examples: readonly string[];
  run(values: FlagValues, args: readonly string[], context: CommandContext): Promise<number>;
}

/** Exit codes that scripts can rely on. */
export const exitCodes = {
  ok: 0,
  /** The command ran and what it did failed (an AWS error, a refused deployment). */
  failed: 1,
  /** Wrong flags or arguments. */
  usage: 2,
  /** The function ran and answered with an error. */
  functionError: 3,
  /** Nothing answers at the endpoint. */
  unreachable: 4,
} as const;

/** The flag's value as a string; undefined where it was not given. */
export function text(values: FlagValues, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

/** All values of a flag that may be repeated. */
export function texts(values: FlagValues, name: string): readonly string[] {
  const value = values[name];
  return typeof value === 'object' ? value : typeof value === 'string' ? [value] : [];
}

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A whole number within bounds; throws `UsageError` naming the flag. */
export function wholeNumber(values: FlagValues, name: string, min: number, max: number): number | undefined {
  const given = text(values, name);
  if (given === undefined) return undefined;
  const value = Number(given);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new UsageError(`--${name} takes a whole number from ${min} to ${max}, not '${given}'`);
  }
  return value;
}
