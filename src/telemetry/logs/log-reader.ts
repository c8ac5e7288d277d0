import { unpackChunk } from './chunk.ts';
import { type ChunkScope, earliestChunkMs, type LogChunkStore, type StoredChunk } from './log-chunk-store.ts';
import { comparePositions, type LogPosition } from './log-position.ts';

/** A stored log event. */
export interface LogEvent {
  readonly position: LogPosition;
  readonly streamId: string;
  readonly message: string;
  readonly ingestionMs: number;
}

export interface ReadRange {
  /** First and last millisecond, both inclusive. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Where to begin: the first event at or behind it, or, backward, the first before it. */
  readonly start: LogPosition;
  readonly direction: 'forward' | 'backward';
}

/** Chunks fetched at a time: up to 8 MB of messages at most, a few hundred kilobytes as a rule. */
const chunksPerPage = 32;

/**
 * Events in order (`LogPosition`), or in reverse order, merged from chunks that overlap in time. Holds the chunks that overlap
 * at one moment, and one page of them more.
 */
export async function* readEvents(
  store: LogChunkStore,
  scope: ChunkScope,
  range: ReadRange,
): AsyncGenerator<LogEvent, void, undefined> {
  const backward = range.direction === 'backward';
  const order = backward ? (a: LogEvent, b: LogEvent) => inOrder(b, a) : inOrder;
  let open: LogEvent[] = [];
  for await (const chunk of readChunks(store, scope, range)) {
    const [settled, rest] = partition(open, (event) => comesBefore(event, chunk, backward));
    yield* settled;
    open = [...rest, ...eventsOf(chunk, range)].sort(order);
  }
  yield* open;
}

async function* readChunks(
  store: LogChunkStore,
  scope: ChunkScope,
  { fromMs, toMs, start, direction }: ReadRange,
): AsyncGenerator<StoredChunk, void, undefined> {
  const descending = direction === 'backward';
  const window = {
    fromMs: earliestChunkMs(descending ? fromMs : Math.max(fromMs, start.timestampMs)),
    toMs: descending ? Math.min(toMs, start.timestampMs) : toMs,
  };
  let after: StoredChunk | undefined;
  for (;;) {
    const page = { ...window, descending, limit: chunksPerPage, ...(after ? { after } : {}) };
    const chunks = await store.read(scope, page);
    yield* chunks;
    after = chunks.at(-1);
    if (chunks.length < chunksPerPage) return;
  }
}

/** Whether `event` is certain to come before everything in `next` and in all chunks behind it. */
function comesBefore(event: LogEvent, next: StoredChunk, backward: boolean): boolean {
  if (backward) return earliestChunkMs(event.position.timestampMs) > next.minMs;
  return comparePositions(event.position, { ...next, timestampMs: next.minMs, index: 0 }) < 0;
}

function eventsOf(chunk: StoredChunk, { fromMs, toMs, start, direction }: ReadRange): LogEvent[] {
  const { seq, writer, streamId, ingestionMs } = chunk;
  return unpackChunk(chunk.data, chunk.count)
    .map(({ timestampMs, message }, index) => ({
      position: { timestampMs, seq, writer, index },
      streamId,
      message,
      ingestionMs,
    }))
    .filter(({ position }) => position.timestampMs >= fromMs && position.timestampMs <= toMs)
    .filter(({ position }) => comparePositions(position, start) >= 0 === (direction === 'forward'));
}

function inOrder(a: LogEvent, b: LogEvent): number {
  return comparePositions(a.position, b.position);
}

function partition<T>(items: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  const first: T[] = [];
  const second: T[] = [];
  for (const item of items) (isFirst(item) ? first : second).push(item);
  return [first, second];
}
