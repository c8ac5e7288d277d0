import type { FilterLogEventsRequest, FilterLogEventsResponse } from '@aws-sdk/client-cloudwatch-logs';
import {
  type ChunkScope,
  type LogFilter,
  type LogGroup,
  type LogPosition,
  parseFilterPattern,
  parsePosition,
  positionAfter,
  positionAt,
  readEvents,
  renderPosition,
} from '../../telemetry/index.ts';
import { invalidParameter, invalidToken, patternError, streamNotFound } from './errors.ts';
import { endOfTimeMs, type EventPage, refusedUnmask, takePage } from './event-page.ts';
import { requireReferredGroup, retainedFromMs } from './log-groups.ts';
import type { LogsOperation, LogsServices } from './services.ts';

/** Events of all streams in one order of time (`interleaved`, which AWS too takes as given since 2019). */
export const filterLogEvents: LogsOperation<FilterLogEventsRequest, FilterLogEventsResponse> = {
  name: 'FilterLogEvents',
  members: { refused: refusedUnmask },
  async run(services, input, context) {
    const { logs } = services;
    const filter = parsePattern(input.filterPattern);
    await logs.sink.flush();
    const group = await requireReferredGroup(services, context, input);
    const scope = await scopeOf(services, group, input);
    const fromMs = Math.max(input.startTime ?? 0, retainedFromMs(services, group));
    const range = {
      fromMs,
      toMs: input.endTime ?? endOfTimeMs,
      start: input.nextToken === undefined ? positionAt(fromMs) : parseToken(input.nextToken),
      direction: 'forward',
    } as const;
    const page = await takePage(readEvents(logs.chunks, scope, range), {
      limit: input.limit,
      passes: ({ message }) => filter(message),
    });
    return { ...(await render(services, group, page)), searchedLogStreams: [] };
  },
};

function parsePattern(pattern: string | undefined): LogFilter {
  try {
    return parseFilterPattern(pattern ?? '');
  } catch (error) {
    throw patternError('FilterLogEvents', error);
  }
}

async function scopeOf(
  { logs }: LogsServices,
  group: LogGroup,
  { logStreamNames, logStreamNamePrefix }: FilterLogEventsRequest,
): Promise<ChunkScope> {
  if (logStreamNames && logStreamNamePrefix !== undefined) {
    throw invalidParameter('Only one of logStreamNames and logStreamNamePrefix can be specified.');
  }
  if (logStreamNamePrefix !== undefined)
    return { groupId: group.id, streams: { prefix: logStreamNamePrefix } };
  if (!logStreamNames) return { groupId: group.id };
  const names = new Set(logStreamNames);
  const streams = await logs.groups.findStreams(group.id, [...names]);
  if (streams.length < names.size) throw streamNotFound();
  return { groupId: group.id, streams: { ids: streams.map(({ id }) => id) } };
}

async function render(
  { logs }: LogsServices,
  group: LogGroup,
  { events, last, more }: EventPage,
): Promise<FilterLogEventsResponse> {
  const names = await logs.groups.streamNames(group.id, new Set(events.map(({ streamId }) => streamId)));
  const shown = events.flatMap(({ position, streamId, message, ingestionMs }) => {
    // A stream deleted between the two reads has taken its events with it.
    const logStreamName = names.get(streamId);
    if (logStreamName === undefined) return [];
    const eventId = renderPosition(position);
    return [{ logStreamName, timestamp: position.timestampMs, message, ingestionTime: ingestionMs, eventId }];
  });
  return {
    events: shown,
    ...(more && last ? { nextToken: renderPosition(positionAfter(last.position)) } : {}),
  };
}

function parseToken(token: string): LogPosition {
  const position = parsePosition(token);
  if (!position) throw invalidToken();
  return position;
}
