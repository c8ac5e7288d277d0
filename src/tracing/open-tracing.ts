import type { Clock, Ids, Log } from '../base/index.ts';
import type { Scope } from '../model/index.ts';
import { applyMigrations, type Database } from '../store/index.ts';
import { type AssembledTrace, assembleTrace } from './assemble-trace.ts';
import { SegmentBuffer } from './segment-buffer.ts';
import { parseSegment } from './segment-document.ts';
import { SegmentsStore, tracingMigrations } from './segments-store.ts';
import { Tracer } from './tracer.ts';

/** Traces: the way in, and reading them. */
export interface Tracing {
  readonly tracer: Tracer;
  /** Stores documents of segments; false, in the same place, for each that is none. */
  put(scope: Scope, documents: readonly string[]): Promise<readonly boolean[]>;
  /** Undefined where nothing is known of it. */
  read(scope: Scope, traceId: string): Promise<AssembledTrace | undefined>;
  /** Ids of traces that began in these seconds since the epoch, the earliest first, after the id `after`. */
  list(
    scope: Scope,
    range: {
      readonly fromSecond: number;
      readonly toSecond: number;
      readonly limit: number;
      readonly after?: string;
    },
  ): Promise<readonly string[]>;
  clear(): Promise<void>;
  /** Stores what waits; the database is closed by whoever opened it. */
  close(): Promise<void>;
}

/** Opens it over the database of the logs, which loses no more than a moment when the machine dies. */
export async function openTracing(parts: {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
}): Promise<Tracing> {
  const { database, clock } = parts;
  await applyMigrations(database, tracingMigrations);
  const store = new SegmentsStore(database);
  const buffer = new SegmentBuffer(store, parts);
  return {
    tracer: new Tracer(buffer, parts),
    async put(scope, documents) {
      const segments = documents.map((text) => parseSegment(text));
      const good = segments.filter((segment) => segment !== undefined);
      await store.add(
        good.map((segment) => ({ ...segment, scope, source: 'api' as const })),
        clock.nowMs(),
      );
      return segments.map((segment) => segment !== undefined);
    },
    async read(scope, traceId) {
      await buffer.flush();
      const documents = await store.documents(scope, traceId);
      return documents.length === 0 ? undefined : assembleTrace(traceId, documents);
    },
    async list(scope, { fromSecond, toSecond, limit, after }) {
      await buffer.flush();
      const from = `1-${hexSecond(fromSecond)}`;
      return store.traceIds(scope, {
        from: after !== undefined && after > from ? after : from,
        to: `1-${hexSecond(toSecond + 1)}`,
        limit,
      });
    },
    async clear() {
      await buffer.flush();
      await store.clear();
    },
    close: () => buffer.flush(),
  };
}

/** As the ids of traces begin. */
function hexSecond(second: number): string {
  return Math.min(Math.max(0, Math.floor(second)), 0xffff_ffff)
    .toString(16)
    .padStart(8, '0');
}
