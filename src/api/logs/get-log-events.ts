import type { GetLogEventsRequest, GetLogEventsResponse } from '@aws-sdk/client-cloudwatch-logs';
import type { Validated } from '../operation.ts';
import {
  type LogPosition,
  parsePosition,
  positionAfter,
  positionAt,
  readEvents,
  renderPosition,
} from '../../telemetry/index.ts';
import { invalidToken } from './errors.ts';
import { endOfTimeMs, refusedUnmask, takePage } from './event-page.ts';
import { requireReferredGroup, requireStream, retainedFromMs } from './log-groups.ts';
import type { LogsOperation } from './services.ts';

interface Start {
  readonly position: LogPosition;
  readonly direction: 'forward' | 'backward';
}

/**
 * Tokens are `f/` or `b/` and a position: the events from it on, or those before it. Read to the end, the answer's
 * token in that direction is the one that was given, as AWS has it.
 */
export const getLogEvents: LogsOperation<
  Validated<GetLogEventsRequest, 'logStreamName'>,
  GetLogEventsResponse
> = {
  name: 'GetLogEvents',
  members: { refused: refusedUnmask },
  async run(services, input, context) {
    const { logs } = services;
    await logs.sink.flush();
    const group = await requireReferredGroup(services, context, input);
    const stream = await requireStream(services, group, input.logStreamName);
    const fromMs = Math.max(input.startTime ?? 0, retainedFromMs(services, group));
    const toMs = (input.endTime ?? endOfTimeMs) - 1;
    const start = startOf(input, { fromMs, toMs });
    const scope = { groupId: group.id, streams: { ids: [stream.id] } };
    const range = { fromMs, toMs, start: start.position, direction: start.direction };
    const page = await takePage(readEvents(logs.chunks, scope, range), {
      limit: input.limit,
      passes: () => true,
    });
    const events = start.direction === 'forward' ? page.events : page.events.toReversed();
    const [first, last] = [events[0]?.position, events.at(-1)?.position];
    return {
      events: events.map(({ position, message, ingestionMs }) => ({
        timestamp: position.timestampMs,
        message,
        ingestionTime: ingestionMs,
      })),
      nextForwardToken: `f/${renderPosition(last ? positionAfter(last) : start.position)}`,
      nextBackwardToken: `b/${renderPosition(first ?? start.position)}`,
    };
  },
};

function startOf(
  { nextToken, startFromHead }: GetLogEventsRequest,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Start {
  if (nextToken !== undefined) return parseToken(nextToken);
  if (startFromHead) return { position: positionAt(fromMs), direction: 'forward' };
  return { position: positionAt(toMs + 1), direction: 'backward' };
}

function parseToken(token: string): Start {
  const position = parsePosition(token.slice(2));
  if (!position || !/^[fb]\//.test(token)) throw invalidToken();
  return { position, direction: token.startsWith('f') ? 'forward' : 'backward' };
}
