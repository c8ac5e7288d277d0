import {
  bytesOf,
  type Database,
  numberOf,
  prefixEnd,
  type Row,
  type SqlValue,
  textOf,
} from '../../store/index.ts';
import { type Chunk, chunkLimits } from './chunk.ts';

export interface StoredChunk extends Chunk {
  readonly streamId: string;
  readonly seq: number;
  readonly writer: number;
  readonly ingestionMs: number;
}

/** Which chunks: of one group, and of those streams of it that are named. */
export interface ChunkScope {
  readonly groupId: string;
  /** All of the group's where absent. */
  readonly streams?: { readonly ids: readonly string[] } | { readonly prefix: string };
}

export interface ChunkPage {
  /** Both inclusive; about a chunk's first event. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly descending: boolean;
  /** The last chunk of the page before. */
  readonly after?: { readonly minMs: number; readonly seq: number; readonly writer: number };
  readonly limit: number;
}

/** The events themselves, as chunks. */
export class LogChunkStore {
  readonly #database: Database;
  readonly #writer: number;
  #lastSeq = 0;
  #appended: ((bytes: number) => void) | undefined;

  /** `writer`: a number below 2^32 that no other server on this database uses. */
  constructor(database: Database, writer: number) {
    this.#database = database;
    this.#writer = writer;
  }

  /** Told of every append, in bytes of messages. One listener. */
  onAppended(listener: (bytes: number) => void): void {
    this.#appended = listener;
  }

  /** Appends chunks to a stream, all or none; false, and nothing is stored, where the stream is gone. */
  async append(
    to: { readonly groupId: string; readonly streamId: string },
    chunks: readonly Chunk[],
    nowMs: number,
  ): Promise<boolean> {
    const inserts = chunks.map((chunk) => ({
      sql: insertChunk,
      params: [
        to.streamId,
        chunk.minMs,
        this.#nextSeq(nowMs),
        this.#writer,
        to.groupId,
        chunk.maxMs,
        chunk.count,
        chunk.bytes,
        nowMs,
        chunk.data,
      ],
    }));
    const [known] = await this.#database.write([streamUpdate(to.streamId, chunks, nowMs), ...inserts]);
    if (known === 1) this.#appended?.(chunks.reduce((sum, { bytes }) => sum + bytes, 0));
    return known === 1;
  }

  /** In order of (begin, seq, writer), or the reverse. */
  async read(scope: ChunkScope, page: ChunkPage): Promise<readonly StoredChunk[]> {
    const [direction, behind] = page.descending ? ['DESC', '<'] : ['ASC', '>'];
    const params: SqlValue[] = [scope.groupId, page.fromMs, page.toMs, page.limit];
    const conditions = [streamCondition(scope, params)];
    if (page.after) {
      const places = [page.after.minMs, page.after.seq, page.after.writer].map((value) =>
        place(params, value),
      );
      conditions.push(`(min_ms, seq, writer) ${behind} (${places.join(', ')})`);
    }
    const rows = await this.#database.query(
      `SELECT stream_id, min_ms, max_ms, seq, writer, event_count, bytes, ingestion_ms, data FROM log_chunks
       WHERE group_id = $1 AND min_ms BETWEEN $2 AND $3 AND ${conditions.filter(Boolean).join(' AND ')}
       ORDER BY min_ms ${direction}, seq ${direction}, writer ${direction} LIMIT $4`,
      params,
    );
    return rows.map(chunkOf);
  }

  /** Deletes up to `limit` chunks of a group that ended before `beforeMs`; how many it found. */
  async deleteOld(groupId: string, beforeMs: number, limit: number): Promise<number> {
    return this.#delete(
      `SELECT stream_id, min_ms, seq, writer, bytes FROM log_chunks
       WHERE group_id = $1 AND min_ms < $2 AND max_ms < $2 ORDER BY min_ms LIMIT $3`,
      [groupId, beforeMs, limit],
    );
  }

  /** Deletes up to `limit` chunks of the group whose oldest chunk is the oldest of all; how many it found. */
  async deleteOldest(limit: number): Promise<number> {
    return this.#delete(
      `SELECT stream_id, min_ms, seq, writer, bytes FROM log_chunks WHERE group_id =
         (SELECT id FROM log_groups ORDER BY
           (SELECT MIN(min_ms) FROM log_chunks WHERE group_id = log_groups.id) NULLS LAST LIMIT 1)
       ORDER BY min_ms LIMIT $1`,
      [limit],
    );
  }

  /** Bytes of messages in all. Runs beside the writers, since it looks at every stream. */
  async storedBytes(): Promise<number> {
    return this.#database.transaction(async (transaction) => {
      const [row] = await transaction.query(
        'SELECT CAST(COALESCE(SUM(stored_bytes), 0) AS BIGINT) AS n FROM log_streams',
      );
      return row ? numberOf(row, 'n') : 0;
    });
  }

  /** Deletes up to `limit` chunks of streams that are gone; false once there are none left. */
  async collectGarbage(limit: number): Promise<boolean> {
    return this.#database.transaction(async (transaction) => {
      const [garbage] = await transaction.query('SELECT stream_id FROM log_garbage LIMIT 1');
      if (!garbage) return false;
      const streamId = textOf(garbage, 'stream_id');
      const deleted = await transaction.execute(
        `DELETE FROM log_chunks WHERE (stream_id, min_ms, seq, writer) IN
          (SELECT stream_id, min_ms, seq, writer FROM log_chunks WHERE stream_id = $1 LIMIT $2)`,
        [streamId, limit],
      );
      if (deleted < limit)
        await transaction.execute('DELETE FROM log_garbage WHERE stream_id = $1', [streamId]);
      return true;
    });
  }

  #delete(select: string, params: readonly SqlValue[]): Promise<number> {
    return this.#database.transaction(async (transaction) => {
      const rows = await transaction.query(select, params);
      for (const row of rows) {
        const key = [
          textOf(row, 'stream_id'),
          numberOf(row, 'min_ms'),
          numberOf(row, 'seq'),
          numberOf(row, 'writer'),
        ];
        await transaction.execute(
          'DELETE FROM log_chunks WHERE stream_id = $1 AND min_ms = $2 AND seq = $3 AND writer = $4',
          key,
        );
        await transaction.execute('UPDATE log_streams SET stored_bytes = stored_bytes - $2 WHERE id = $1', [
          textOf(row, 'stream_id'),
          numberOf(row, 'bytes'),
        ]);
      }
      return rows.length;
    });
  }

  /** Microseconds of the day and age, so that numbers go on rising after a restart. */
  #nextSeq(nowMs: number): number {
    this.#lastSeq = Math.max(this.#lastSeq + 1, nowMs * 1_000);
    return this.#lastSeq;
  }
}

/** Inserts nothing where the stream was deleted meanwhile, by whichever server. */
const insertChunk = `INSERT INTO log_chunks
  (stream_id, min_ms, seq, writer, group_id, max_ms, event_count, bytes, ingestion_ms, data)
  SELECT id, CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS BIGINT), CAST($5 AS TEXT), CAST($6 AS BIGINT),
    CAST($7 AS BIGINT), CAST($8 AS BIGINT), CAST($9 AS BIGINT), $10
  FROM log_streams WHERE id = $1`;

function streamUpdate(
  streamId: string,
  chunks: readonly Chunk[],
  nowMs: number,
): { sql: string; params: SqlValue[] } {
  const minMs = Math.min(...chunks.map((chunk) => chunk.minMs));
  const maxMs = Math.max(...chunks.map((chunk) => chunk.maxMs));
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
  return {
    sql: `UPDATE log_streams SET last_ingestion_ms = $4, stored_bytes = stored_bytes + $5,
      first_event_ms = CASE WHEN first_event_ms <= $2 THEN first_event_ms ELSE $2 END,
      last_event_ms = CASE WHEN last_event_ms >= $3 THEN last_event_ms ELSE $3 END WHERE id = $1`,
    params: [streamId, minMs, maxMs, nowMs, bytes],
  };
}

function streamCondition({ streams }: ChunkScope, params: SqlValue[]): string {
  if (!streams) return 'TRUE';
  if ('prefix' in streams) {
    const [from, to] = [place(params, streams.prefix), place(params, prefixEnd(streams.prefix))];
    return `stream_id IN (SELECT id FROM log_streams WHERE group_id = $1 AND name >= ${from} AND name < ${to})`;
  }
  if (streams.ids.length === 1) return `stream_id = ${place(params, streams.ids[0] ?? '')}`;
  return `stream_id IN (${streams.ids.map((id) => place(params, id)).join(', ')})`;
}

function place(params: SqlValue[], value: SqlValue): string {
  params.push(value);
  return `$${params.length}`;
}

function chunkOf(row: Row): StoredChunk {
  return {
    streamId: textOf(row, 'stream_id'),
    minMs: numberOf(row, 'min_ms'),
    maxMs: numberOf(row, 'max_ms'),
    seq: numberOf(row, 'seq'),
    writer: numberOf(row, 'writer'),
    count: numberOf(row, 'event_count'),
    bytes: numberOf(row, 'bytes'),
    ingestionMs: numberOf(row, 'ingestion_ms'),
    data: bytesOf(row, 'data'),
  };
}

/** Where reading has to begin so as to miss no chunk that reaches `timestampMs`. */
export function earliestChunkMs(timestampMs: number): number {
  return timestampMs - chunkLimits.spanMs;
}
