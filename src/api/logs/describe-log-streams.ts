import type {
  DescribeLogStreamsRequest,
  DescribeLogStreamsResponse,
  LogStream as WireLogStream,
} from '@aws-sdk/client-cloudwatch-logs';
import type { LogStream } from '../../telemetry/index.ts';
import { invalidParameter, invalidToken } from './errors.ts';
import { logGroupArn, requireReferredGroup } from './log-groups.ts';
import { parsePageToken, renderPageToken } from './page-token.ts';
import type { LogsOperation } from './services.ts';

const defaultLimit = 50;

export const describeLogStreams: LogsOperation<DescribeLogStreamsRequest, DescribeLogStreamsResponse> = {
  name: 'DescribeLogStreams',
  async run(services, input, context) {
    const orderBy = input.orderBy === 'LastEventTime' ? 'last-event' : 'name';
    if (orderBy === 'last-event' && input.logStreamNamePrefix !== undefined) {
      throw invalidParameter('Cannot order by LastEventTime with a logStreamNamePrefix.');
    }
    await services.logs.sink.flush();
    const group = await requireReferredGroup(services, context, input);
    const limit = input.limit ?? defaultLimit;
    const found = await services.logs.groups.listStreams(group.id, {
      orderBy,
      descending: input.descending ?? false,
      limit: limit + 1,
      ...(input.logStreamNamePrefix === undefined ? {} : { prefix: input.logStreamNamePrefix }),
      ...(input.nextToken === undefined ? {} : { after: parseToken(input.nextToken) }),
    });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      logStreams: page.map((stream) => renderStream(logGroupArn(context, group.name), stream)),
      ...(found.length > limit && last
        ? { nextToken: renderPageToken([last.name, last.lastEventMs ?? 0]) }
        : {}),
    };
  },
};

function parseToken(token: string): { readonly name: string; readonly lastEventMs: number } {
  const [name, lastEventMs] = parsePageToken(token);
  if (typeof name !== 'string' || typeof lastEventMs !== 'number') throw invalidToken();
  if (!Number.isSafeInteger(lastEventMs)) throw invalidToken();
  return { name, lastEventMs };
}

/** `storedBytes` of a stream is always 0 since June 2019, and the upload token is no longer looked at. */
function renderStream(groupArn: string, stream: LogStream): WireLogStream {
  const events =
    stream.lastEventMs === undefined
      ? {}
      : {
          firstEventTimestamp: stream.firstEventMs,
          lastEventTimestamp: stream.lastEventMs,
          lastIngestionTime: stream.lastIngestionMs,
        };
  return {
    logStreamName: stream.name,
    creationTime: stream.createdMs,
    ...events,
    uploadSequenceToken: `4${stream.id.replaceAll(/\D/g, '0').padStart(55, '0')}`,
    arn: `${groupArn}:log-stream:${stream.name}`,
    storedBytes: 0,
  };
}
