import type {
  InputLogEvent,
  PutLogEventsRequest,
  PutLogEventsResponse,
  RejectedLogEventsInfo,
} from '@aws-sdk/client-cloudwatch-logs';
import type { Validated } from '../operation.ts';
import { packChunks } from '../../telemetry/index.ts';
import { invalidParameter } from './errors.ts';
import { requireGroup, requireStream } from './log-groups.ts';
import type { LogsOperation } from './services.ts';

const dayMs = 86_400_000;
/** API reference, PutLogEvents: the constraints on a batch. */
const batchLimits = {
  bytes: 1_048_576,
  bytesPerEvent: 26,
  spanMs: dayMs,
  oldestMs: 14 * dayMs,
  newestMs: 2 * 3_600_000,
} as const;

interface Event {
  readonly timestampMs: number;
  readonly message: string;
}

export const putLogEvents: LogsOperation<
  Validated<PutLogEventsRequest, 'logGroupName' | 'logStreamName' | 'logEvents'>,
  PutLogEventsResponse
> = {
  name: 'PutLogEvents',
  members: { refused: { entity: { hint: 'Log events are not tied to entities.' } } },
  async run(services, input, context) {
    const { logs, clock } = services;
    const events = parseEvents(input.logEvents);
    const group = await requireGroup(services, context, input.logGroupName);
    const stream = await requireStream(services, group, input.logStreamName);
    const nowMs = clock.nowMs();
    const { accepted, rejected } = sortOut(events, { nowMs, retentionDays: group.retentionDays });
    const chunks = packChunks(
      accepted.map(({ timestampMs }) => timestampMs),
      accepted.map(({ message }) => message),
    );
    const ids = { groupId: group.id, streamId: stream.id };
    if (chunks.length > 0 && !(await logs.chunks.append(ids, chunks, nowMs))) {
      throw invalidParameter('The specified log stream was deleted while events were put.');
    }
    return {
      nextSequenceToken: String(nowMs).padStart(56, '4'),
      ...(rejected ? { rejectedLogEventsInfo: rejected } : {}),
    };
  },
};

function parseEvents(logEvents: readonly InputLogEvent[]): readonly Event[] {
  const events = logEvents.map(({ timestamp, message }) => ({
    timestampMs: timestamp ?? 0,
    message: message ?? '',
  }));
  requireSize(events);
  if (events.some(({ timestampMs }, at) => timestampMs < (events[at - 1]?.timestampMs ?? 0))) {
    throw invalidParameter('Log events in a single PutLogEvents request must be in chronological order.');
  }
  const [first, last] = [events[0], events.at(-1)];
  if (first && last && last.timestampMs - first.timestampMs > batchLimits.spanMs) {
    throw invalidParameter(
      'The batch of log events in a single PutLogEvents request cannot span more than 24 hours.',
    );
  }
  return events;
}

function requireSize(events: readonly Event[]): void {
  const sizes = events.map(({ message }) => Buffer.byteLength(message) + batchLimits.bytesPerEvent);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (bytes > batchLimits.bytes) {
    throw invalidParameter(`Upload too large: ${bytes} bytes exceeds limit of ${batchLimits.bytes}`);
  }
}

interface Bounds {
  readonly nowMs: number;
  readonly retentionDays: number | undefined;
}

/** Events are in order, so what is too old stands at the beginning and what is too new at the end. */
function sortOut(
  events: readonly Event[],
  { nowMs, retentionDays }: Bounds,
): { readonly accepted: readonly Event[]; readonly rejected?: RejectedLogEventsInfo } {
  const expired = countBefore(events, retentionDays === undefined ? 0 : nowMs - retentionDays * dayMs);
  const tooOld = countBefore(events, nowMs - batchLimits.oldestMs);
  const upToNewest = countBefore(events, nowMs + batchLimits.newestMs + 1);
  const accepted = events.slice(Math.max(expired, tooOld), upToNewest);
  if (accepted.length === events.length) return { accepted };
  const rejected = {
    ...(upToNewest < events.length ? { tooNewLogEventStartIndex: upToNewest } : {}),
    ...(tooOld > 0 ? { tooOldLogEventEndIndex: tooOld } : {}),
    ...(expired > 0 ? { expiredLogEventEndIndex: expired } : {}),
  };
  return { accepted, rejected };
}

function countBefore(events: readonly Event[], timestampMs: number): number {
  const at = events.findIndex((event) => event.timestampMs >= timestampMs);
  return at < 0 ? events.length : at;
}
