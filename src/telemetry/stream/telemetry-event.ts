import type { TelemetrySubscription, TelemetryType } from './subscription.ts';

/** Something that happened in an environment, as the Telemetry API words it. */
export interface TelemetryEvent {
  /** Milliseconds since the epoch. */
  readonly timeMs: number;
  /** `function`, `extension`, or `platform.` and a name. */
  readonly type: string;
  /** An object; a line of text where a function or an extension wrote it. */
  readonly record: object | string;
}

/** Who is asked for it in a subscription. */
export function telemetryTypeOf({ type }: TelemetryEvent): TelemetryType {
  return type === 'function' || type === 'extension' ? type : 'platform';
}

/** What only the older API tells, and what it knows nothing of. */
const ONLY_LOGS: readonly string[] = ['platform.end', 'platform.fault'];
const LOGS: readonly string[] = [
  ...ONLY_LOGS,
  'function',
  'extension',
  'platform.start',
  'platform.report',
  'platform.extension',
  'platform.logsSubscription',
  'platform.logsDropped',
];
/** Since when an object that a function logs arrives as one, rather than as text. */
const OBJECTS_SINCE = '2022-12-13';
const RUNTIME_DONE_SINCE = '2021-03-18';

type Wanted = Pick<TelemetrySubscription, 'api' | 'schemaVersion' | 'types'>;

/** Whether this subscription is told of the event at all. */
export function isWanted(event: TelemetryEvent, { api, schemaVersion, types }: Wanted): boolean {
  if (!types.includes(telemetryTypeOf(event))) return false;
  if (api === 'telemetry')
    return !ONLY_LOGS.includes(event.type) && event.type !== 'platform.logsSubscription';
  return (
    LOGS.includes(event.type) ||
    (event.type === 'platform.runtimeDone' && schemaVersion >= RUNTIME_DONE_SINCE)
  );
}

/** The event as JSON, on one line. `jsonLogs`: the function logs in the JSON format. */
export function renderEvent(event: TelemetryEvent, wanted: Wanted, jsonLogs: boolean): string {
  const { timeMs, type, record } = event;
  const before = `{"time":"${new Date(timeMs).toISOString()}","type":"${type}","record":`;
  if (typeof record !== 'string') return `${before}${JSON.stringify(recordFor(record, wanted))}}`;
  const asObject = jsonLogs && wanted.api === 'telemetry' && wanted.schemaVersion >= OBJECTS_SINCE;
  return `${before}${(asObject ? objectIn(record) : undefined) ?? JSON.stringify(record)}}`;
}

function recordFor(record: object, { api }: Wanted): object {
  return api === 'logs' ? withoutNewMembers(record) : record;
}

/** Written anew, since line breaks may stand between its parts; what is nested too deeply for that stays text. */
function objectIn(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.stringify(JSON.parse(line));
  } catch {
    return undefined;
  }
}

/** Members that the Telemetry API added to records that the Logs API has too. */
const NEW_MEMBERS: readonly string[] = ['spans', 'tracing'];

function withoutNewMembers(record: object): object {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !NEW_MEMBERS.includes(name)));
}
