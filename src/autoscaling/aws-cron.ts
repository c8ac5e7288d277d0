import { Cron } from 'croner';

/** A schedule that AWS would not take. */
export class InvalidSchedule extends Error {
  override readonly name = 'InvalidSchedule';
}

/**
 * The times of `cron(…)` with AWS's six fields: minutes, hours, day of month, month, day of week (1 is Sunday), year; one of
 * the two days is `?` (Application Auto Scaling user guide, "cron expressions"). croner has the same language in
 * another spelling.
 */
export function parseAwsCron(fields: string, timezone: string): (afterMs: number) => number | undefined {
  const cron = compile(translate(fields), timezone);
  return (afterMs) => cron.nextRun(new Date(afterMs))?.getTime();
}

function compile(pattern: string, timezone: string): Cron {
  try {
    return new Cron(pattern, { timezone, mode: '7-part', alternativeWeekdays: true, paused: true });
  } catch (error) {
    throw new InvalidSchedule('The cron expression is not valid.', { cause: error });
  }
}

/** Seconds first, and each field as croner spells it. */
function translate(text: string): string {
  const [minutes, hours, day, month, weekday, year, ...more] = text.trim().split(/\s+/);
  const given = [minutes, hours, day, month, weekday, year];
  if (more.length > 0 || given.some((field) => field === undefined)) {
    throw new InvalidSchedule('A cron expression has six fields.');
  }
  if ((day === '?') === (weekday === '?')) {
    throw new InvalidSchedule('One of day of month and day of week is ?, and only one.');
  }
  return [
    '0',
    stepped(minutes, 59),
    stepped(hours, 23),
    stepped(anyDay(day), 31),
    stepped(month, 12),
    stepped(lastWeekday(anyDay(weekday)), 7),
    stepped(year, 2199),
  ].join(' ');
}

function anyDay(field = ''): string {
  return field === '?' ? '*' : field;
}

/** `L` is the last day of the week, `6L` the last Friday of the month. */
function lastWeekday(field: string): string {
  if (field.toUpperCase() === 'L') return '7';
  return field.replaceAll(/\b([1-7]|[A-Z]{3})L\b/gi, '$1#L');
}

/** `5/10` begins at 5 and goes to the end. */
function stepped(field = '', last: number): string {
  return field.replaceAll(
    /(^|,)(\d+)\/(\d+)/g,
    (_, before: string, from: string, step: string) => `${before}${from}-${last}/${step}`,
  );
}
