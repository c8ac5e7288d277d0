import { InvalidSchedule, parseAwsCron } from './aws-cron.ts';

/** When a scheduled action runs, and between which times. */
export interface ScheduleTimes {
  /** `at(…)`, `rate(…)` or `cron(…)`. */
  readonly schedule: string;
  /** IANA name; UTC where absent. */
  readonly timezone?: string | undefined;
  readonly startMs?: number | undefined;
  readonly endMs?: number | undefined;
}

/**
 * The first run after a moment; undefined where there is none any more. `originMs` is what a rate counts from where there is
 * no start. Throws `InvalidSchedule`.
 */
export function nextRunMs(times: ScheduleTimes, afterMs: number, originMs: number): number | undefined {
  const { startMs, endMs } = times;
  // A run exactly at the start counts.
  const from = startMs === undefined ? afterMs : Math.max(afterMs, startMs - 1);
  const next = rule(times, startMs ?? originMs)(from);
  return next === undefined || (endMs !== undefined && next > endMs) ? undefined : next;
}

const forms = /^(at|rate|cron)\((.*)\)$/;

function rule(
  { schedule, timezone = 'UTC' }: ScheduleTimes,
  originMs: number,
): (afterMs: number) => number | undefined {
  requireTimezone(timezone);
  const [, form, inner = ''] = forms.exec(schedule) ?? [];
  if (form === 'cron') return parseAwsCron(inner, timezone);
  if (form === 'rate') return everyRate(rateMs(inner), originMs);
  if (form !== 'at') throw new InvalidSchedule('A schedule is at(…), rate(…) or cron(…).');
  const atMs = localTimeMs(inner, timezone);
  return (afterMs) => (atMs > afterMs ? atMs : undefined);
}

/** Counted from the origin, so that a restart does not shift it. */
function everyRate(everyMs: number, originMs: number): (afterMs: number) => number {
  return (afterMs) => {
    const passed = Math.floor((afterMs - originMs) / everyMs);
    return originMs + Math.max(0, passed + 1) * everyMs;
  };
}

const unitsMs: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

function rateMs(text: string): number {
  const [, value = '', unit = ''] = /^([1-9]\d{0,8}) (minute|hour|day)s?$/.exec(text) ?? [];
  const unitMs = unitsMs[unit];
  if (unitMs === undefined)
    throw new InvalidSchedule('A rate is a positive number of minutes, hours or days.');
  return Number(value) * unitMs;
}

/** `2026-01-31T08:00:00` in a time zone. A time that the change of clocks leaves out is as much later. */
function localTimeMs(text: string, timezone: string): number {
  const utcMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text) ? Date.parse(`${text}Z`) : Number.NaN;
  if (Number.isNaN(utcMs)) throw new InvalidSchedule('A time is yyyy-mm-ddThh:mm:ss.');
  const guess = utcMs - offsetMs(timezone, utcMs);
  return utcMs - offsetMs(timezone, guess);
}

/** How far the zone's clocks are ahead of UTC at a moment. */
function offsetMs(timezone: string, atMs: number): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(atMs);
  const part = (type: Intl.DateTimeFormatPartTypes): number =>
    Number(parts.find((one) => one.type === type)?.value);
  const shown = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return shown - Math.floor(atMs / 1_000) * 1_000;
}

function requireTimezone(timezone: string): void {
  try {
    offsetMs(timezone, 0);
  } catch (error) {
    throw new InvalidSchedule(`${timezone} is no time zone.`, { cause: error });
  }
}
