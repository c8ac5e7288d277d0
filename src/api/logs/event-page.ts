import type { LogEvent } from '../../telemetry/index.ts';

/** API reference, GetLogEvents and FilterLogEvents: a page ends at 10,000 events or 1 MB, whichever comes first. */
const pageLimits = { events: 10_000, bytes: 1_048_576, bytesPerEvent: 26 } as const;

/** Read for one call at most, whether it passes a filter or not: the rest is left to the next page. */
const maxScanned = 50_000;

/** Later than any event can be. */
export const endOfTimeMs = 2 ** 45;

/** What neither way to read events does. */
export const refusedUnmask = {
  unmask: { when: (value: unknown) => value === true, hint: 'Logs are never masked.' },
};

export interface EventPage {
  readonly events: readonly LogEvent[];
  /** The last one looked at, shown or not; undefined where there was none. */
  readonly last: LogEvent | undefined;
  /** Whether there may be more behind it. */
  readonly more: boolean;
}

/** Takes one page of those events that pass, and lets the event loop run on the way. */
export async function takePage(
  events: AsyncIterable<LogEvent>,
  { limit, passes }: { readonly limit: number | undefined; readonly passes: (event: LogEvent) => boolean },
): Promise<EventPage> {
  const taken: LogEvent[] = [];
  let last: LogEvent | undefined;
  let [bytes, scanned] = [0, 0];
  for await (const event of events) {
    const shown = passes(event);
    const size = shown ? Buffer.byteLength(event.message) + pageLimits.bytesPerEvent : 0;
    const full =
      taken.length >= (limit ?? pageLimits.events) || (taken.length > 0 && bytes + size > pageLimits.bytes);
    if ((shown && full) || scanned >= maxScanned) return { events: taken, last, more: true };
    if (shown) taken.push(event);
    bytes += size;
    last = event;
    scanned++;
    if (scanned % 5_000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return { events: taken, last, more: false };
}
