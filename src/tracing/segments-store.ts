import type { Scope } from '../model/index.ts';
import { type Database, type Migration, numberOf, type Statement, textOf } from '../store/index.ts';
import type { SegmentDocument } from './segment-document.ts';

export const tracingMigrations: readonly Migration[] = [
  {
    id: 'tracing-0001-segments',
    statements: [
      `CREATE TABLE trace_segments (
         account TEXT NOT NULL, region TEXT NOT NULL, trace_id TEXT NOT NULL, segment_id TEXT NOT NULL,
         source TEXT NOT NULL, start_ms BIGINT NOT NULL, received_ms BIGINT NOT NULL, bytes BIGINT NOT NULL,
         document TEXT NOT NULL,
         PRIMARY KEY (account, region, trace_id, segment_id, source))`,
      'CREATE INDEX trace_segments_by_age ON trace_segments (received_ms, bytes)',
    ],
  },
];

/** Lambda itself, a function by the daemon's port, or a caller of PutTraceSegments: none replaces what another sent. */
export type SegmentSource = 'lambda' | 'daemon' | 'api';

export interface ReceivedSegment extends SegmentDocument {
  readonly scope: Scope;
  readonly source: SegmentSource;
}

/** At most this much, the oldest goes first; and nothing for longer than X-Ray keeps it. */
export const traceLimits: TraceLimits = {
  documents: 100_000,
  bytes: 512 * 2 ** 20,
  ageMs: 30 * 86_400_000,
};

interface TraceLimits extends Use {
  readonly ageMs: number;
}

interface Use {
  readonly documents: number;
  readonly bytes: number;
}

/** Rows deleted in one transaction: log writers, in the same database, wait for no more than these. */
const ROWS_PER_STEP = 1_000;
/** Of one trace; X-Ray gives no more than 500 KB. */
const MOST_OF_A_TRACE = 1_000;

export class SegmentsStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** A segment that comes again, since it was in progress before, replaces the earlier one. */
  async add(segments: readonly ReceivedSegment[], nowMs: number): Promise<void> {
    if (segments.length > 0) await this.#database.write(segments.map((segment) => insertion(segment, nowMs)));
  }

  /** The documents of one trace, the earliest first. */
  async documents(scope: Scope, traceId: string): Promise<readonly string[]> {
    const rows = await this.#database.query(
      `SELECT document FROM trace_segments WHERE account = $1 AND region = $2 AND trace_id = $3
       ORDER BY start_ms, segment_id LIMIT $4`,
      [scope.account, scope.region, traceId, MOST_OF_A_TRACE],
    );
    return rows.map((row) => textOf(row, 'document'));
  }

  /** Traces by id, which begins with the second of their first request, from `from` (exclusive) up to before `to`. */
  async traceIds(
    scope: Scope,
    range: { readonly from: string; readonly to: string; readonly limit: number },
  ): Promise<readonly string[]> {
    const rows = await this.#database.query(
      `SELECT DISTINCT trace_id FROM trace_segments WHERE account = $1 AND region = $2
       AND trace_id > $3 AND trace_id < $4 ORDER BY trace_id LIMIT $5`,
      [scope.account, scope.region, range.from, range.to, range.limit],
    );
    return rows.map((row) => textOf(row, 'trace_id'));
  }

  /** Deletes what is too old, and the oldest of what is too much; each in steps. */
  async prune(nowMs: number, most: TraceLimits = traceLimits): Promise<void> {
    while ((await this.#deleteOldest(nowMs - most.ageMs)) === ROWS_PER_STEP);
    for (let use = await this.#use(); isTooMuch(use, most); use = await this.#use()) {
      if ((await this.#deleteOldest(nowMs + 1)) === 0) return;
    }
  }

  async clear(): Promise<void> {
    await this.#database.write([{ sql: 'DELETE FROM trace_segments' }]);
  }

  async #use(): Promise<Use> {
    const [row] = await this.#database.query(
      'SELECT COUNT(*) AS n, CAST(COALESCE(SUM(bytes), 0) AS BIGINT) AS bytes FROM trace_segments',
    );
    return row
      ? { documents: numberOf(row, 'n'), bytes: numberOf(row, 'bytes') }
      : { documents: 0, bytes: 0 };
  }

  async #deleteOldest(beforeMs: number): Promise<number> {
    const [deleted = 0] = await this.#database.write([
      {
        sql: `DELETE FROM trace_segments WHERE (account, region, trace_id, segment_id, source) IN
          (SELECT account, region, trace_id, segment_id, source FROM trace_segments
           WHERE received_ms < $1 ORDER BY received_ms LIMIT $2)`,
        params: [beforeMs, ROWS_PER_STEP],
      },
    ]);
    return deleted;
  }
}

function isTooMuch(use: Use, most: Use): boolean {
  return use.documents > most.documents || use.bytes > most.bytes;
}

function insertion({ scope, source, ...segment }: ReceivedSegment, nowMs: number): Statement {
  const { traceId, id, startMs, document } = segment;
  return {
    sql: `INSERT INTO trace_segments
      (account, region, trace_id, segment_id, source, start_ms, received_ms, bytes, document)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
      ON CONFLICT (account, region, trace_id, segment_id, source) DO UPDATE SET
        start_ms = excluded.start_ms, received_ms = excluded.received_ms, bytes = excluded.bytes,
        document = excluded.document`,
    params: [
      scope.account,
      scope.region,
      traceId,
      id,
      source,
      startMs,
      nowMs,
      Buffer.byteLength(document),
      document,
    ],
  };
}
