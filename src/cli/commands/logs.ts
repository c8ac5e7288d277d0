import { setTimeout as wait } from 'node:timers/promises';
import type { CloudWatchLogsClient, FilteredLogEvent } from '@aws-sdk/client-cloudwatch-logs';
import { WallClock } from '../../base/index.ts';
import { endpointFlags, logsClient } from '../clients.ts';
import { type Command, type CommandContext, exitCodes, text, UsageError } from '../command.ts';

const POLL_MS = 500;
/** Streams are written side by side: an event may arrive after a younger one of another stream. */
const OVERLAP_MS = 5_000;
const unitsMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export const logs: Command = {
  name: 'logs',
  summary: 'Print what a function logged',
  args: '<function>',
  flags: [
    { flags: '--follow', description: 'keep printing as it comes' },
    { flags: '--since <age>', description: 'how far back: 30s, 10m, 2h, 1d', default: '10m' },
    { flags: '--filter <pattern>', description: 'a CloudWatch Logs filter pattern' },
    ...endpointFlags,
  ],
  examples: ['hearth logs hello --follow', 'hearth logs hello --since 1h --filter ERROR'],
  async run(values, [name = ''], context) {
    const clock = new WallClock();
    const reader = {
      client: await logsClient(values, context),
      group: name.startsWith('/') ? name : `/aws/lambda/${name}`,
      filter: text(values, 'filter'),
      context,
      seen: new Map<string, number>(),
    };
    let fromMs = clock.nowMs() - ageMs(text(values, 'since') ?? '10m');
    for (;;) {
      const follows = values['follow'] === true;
      fromMs = Math.max(fromMs, await printNew(reader, fromMs).catch(unlessMissing(reader, follows)));
      if (!follows || context.signal.aborted) return exitCodes.ok;
      await untilNextPoll(context.signal);
    }
  },
};

/** Resolves early when the program is asked to stop. */
async function untilNextPoll(signal: AbortSignal): Promise<void> {
  await wait(POLL_MS, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

/** A function has no log group before it has run: whoever follows it waits for that, others are told. */
function unlessMissing({ group }: Reader, follows: boolean): (error: unknown) => number {
  return (error) => {
    if (!(error instanceof Error) || error.name !== 'ResourceNotFoundException') throw error;
    if (follows) return 0;
    throw new Error(
      `There is no log group ${group}: the function has not run yet, or there is none of this name.`,
      { cause: error },
    );
  };
}

interface Reader {
  readonly client: CloudWatchLogsClient;
  readonly group: string;
  readonly filter: string | undefined;
  readonly context: CommandContext;
  /** When the events already printed were logged, by id: reads overlap. */
  readonly seen: Map<string, number>;
}

/** Prints events not seen before and gives the time from which the next read starts. */
async function printNew(reader: Reader, fromMs: number): Promise<number> {
  const { paginateFilterLogEvents } = await import('@aws-sdk/client-cloudwatch-logs');
  const input = {
    logGroupName: reader.group,
    startTime: fromMs,
    ...(reader.filter ? { filterPattern: reader.filter } : {}),
  };
  let newestMs = fromMs + OVERLAP_MS;
  for await (const page of paginateFilterLogEvents({ client: reader.client }, input)) {
    for (const event of page.events ?? []) {
      const { eventId = '', timestamp = 0 } = event;
      newestMs = Math.max(newestMs, timestamp);
      if (reader.seen.has(eventId)) continue;
      reader.seen.set(eventId, timestamp);
      printEvent(reader.context, event);
    }
  }
  const nextMs = newestMs - OVERLAP_MS;
  for (const [eventId, timestamp] of reader.seen) if (timestamp < nextMs) reader.seen.delete(eventId);
  return nextMs;
}

function printEvent({ output }: CommandContext, event: FilteredLogEvent): void {
  if (output.format === 'json') {
    output.json(event);
    return;
  }
  const time = new Date(event.timestamp ?? 0).toISOString().slice(11, 23);
  output.line(`${output.style('dim', time)} ${output.untrusted((event.message ?? '').trimEnd())}`);
}

function ageMs(age: string): number {
  const [, count = '', unit = ''] = /^(\d+)([smhd])$/.exec(age) ?? [];
  const factor = unitsMs[unit];
  if (factor === undefined)
    throw new UsageError(`--since takes an age such as 30s, 10m, 2h or 1d, not '${age}'`);
  return Number(count) * factor;
}
