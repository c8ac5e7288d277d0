import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { stripVTControlCharacters, styleText } from 'node:util';
import { type Clock, WallClock } from './clock.ts';

/**
 * Hearth's own diagnostics (never a function's output). Facts go in as fields, errors among them; the message says what
 * happened.
 */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Log;
}

const levels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof levels)[number];
type Severity = Exclude<LogLevel, 'silent'>;

interface LogTarget {
  /** Lines for people, where not told otherwise one JSON object a line. */
  readonly forPeople: boolean;
  write(text: string): void;
}

const STANDARD_ERROR = 2;

/**
 * Writes to standard error: readable lines on a terminal, JSON lines elsewhere. Without buffering, so that a crash loses
 * none.
 */
export function createLog(
  level: LogLevel,
  target: LogTarget = { forPeople: isatty(STANDARD_ERROR), write: writeToStandardError },
  clock: Pick<Clock, 'nowMs'> = new WallClock(),
): Log {
  const lowest = levels.indexOf(level);
  const render = safely(target.forPeople ? renderForPeople : renderJson);
  const writer = (severity: Severity, common: object) => {
    if (levels.indexOf(severity) < lowest) return () => undefined;
    return (fields: object, message: string): void => {
      const time = new Date(clock.nowMs()).toISOString();
      target.write(`${render({ time, severity, message, fields: { ...common, ...fields } })}\n`);
    };
  };
  const make = (common: object): Log => ({
    debug: writer('debug', common),
    info: writer('info', common),
    warn: writer('warn', common),
    error: writer('error', common),
    child: (fields) => make({ ...common, ...fields }),
  });
  return make({});
}

/** Nobody who reads slowly, or not at all, holds up the server: what does not fit is lost. */
function writeToStandardError(text: string): void {
  try {
    writeSync(STANDARD_ERROR, text);
  } catch {
    // EAGAIN of a full pipe, EPIPE of a closed one.
  }
}

interface Entry {
  readonly time: string;
  readonly severity: Severity;
  readonly message: string;
  readonly fields: object;
}

/** Fields that have no JSON (circular ones, a BigInt) must not fail whoever reports something. */
function safely(render: (entry: Entry) => string): (entry: Entry) => string {
  return (entry) => {
    try {
      return render(entry);
    } catch {
      return render({ ...entry, fields: { unprintable: Object.keys(entry.fields) } });
    }
  };
}

function renderJson({ time, severity, message, fields }: Entry): string {
  return JSON.stringify({ ...fields, time, level: severity, message }, plainErrors);
}

/** `23:59:07 warn  what happened  name=value`, and the stack of an error below it. */
function renderForPeople({ time, severity, message, fields }: Entry): string {
  const values = Object.entries(fields).map(([name, value]) => `${name}=${brief(value)}`);
  const stacks = Object.values(fields).flatMap((value) => (value instanceof Error ? stackOf(value) : []));
  const colour = severity === 'error' ? 'red' : severity === 'warn' ? 'yellow' : 'dim';
  const level = styleText(colour, severity.padEnd(5), { validateStream: false });
  return [[time.slice(11, 19), level, message, ...values].join(' '), ...stacks].join('\n');
}

/** As JSON, which escapes what would move a terminal's cursor; without quotes where there is nothing to tell apart. */
function brief(value: unknown): string {
  const text = value instanceof Error ? value.message : value;
  if (typeof text === 'string' && /^[\w./:@-]+$/.test(text)) return text;
  return JSON.stringify(text, plainErrors) ?? String(text);
}

function stackOf({ stack = '', cause }: Error): string[] {
  const lines = stack.split('\n').slice(1);
  const own = lines.map((line) => stripVTControlCharacters(line).replaceAll(/\p{Cc}/gu, ''));
  if (!(cause instanceof Error)) return own;
  return [...own, `  because of ${brief(cause)}`, ...stackOf(cause)];
}

/** JSON would make nothing of an error. */
function plainErrors(_name: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  return {
    ...Object.fromEntries(Object.entries(value)),
    name,
    message,
    stack,
    ...(cause === undefined ? {} : { cause }),
  };
}
