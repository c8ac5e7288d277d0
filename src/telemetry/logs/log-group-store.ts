import type { Ids } from '../../base/index.ts';
import type { Scope } from '../../model/index.ts';
import {
  type Database,
  type Migration,
  numberOf,
  optional,
  prefixEnd,
  type Row,
  type Statement,
  textOf,
} from '../../store/index.ts';

/** Groups, streams, chunks of events, and what is left to delete of streams that are gone. */
export const logMigrations: readonly Migration[] = [
  {
    id: 'logs-0001-groups-streams-chunks',
    statements: [
      `CREATE TABLE log_groups (
         account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL UNIQUE,
         created_ms BIGINT NOT NULL, retention_days BIGINT, tags TEXT NOT NULL,
         PRIMARY KEY (account, region, name))`,
      `CREATE TABLE log_streams (
         group_id TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL UNIQUE, created_ms BIGINT NOT NULL,
         first_event_ms BIGINT, last_event_ms BIGINT NOT NULL, last_ingestion_ms BIGINT,
         stored_bytes BIGINT NOT NULL,
         PRIMARY KEY (group_id, name))`,
      'CREATE INDEX log_streams_by_last_event ON log_streams (group_id, last_event_ms, name)',
      `CREATE TABLE log_chunks (
         stream_id TEXT NOT NULL, min_ms BIGINT NOT NULL, seq BIGINT NOT NULL, writer BIGINT NOT NULL,
         group_id TEXT NOT NULL, max_ms BIGINT NOT NULL, event_count BIGINT NOT NULL, bytes BIGINT NOT NULL,
         ingestion_ms BIGINT NOT NULL, data BLOB NOT NULL,
         PRIMARY KEY (stream_id, min_ms, seq, writer))`,
      'CREATE INDEX log_chunks_by_group ON log_chunks (group_id, min_ms, seq, writer, stream_id)',
      'CREATE TABLE log_garbage (stream_id TEXT PRIMARY KEY)',
    ],
  },
];

export interface LogGroup {
  readonly id: string;
  readonly name: string;
  readonly createdMs: number;
  /** Never expires where absent. */
  readonly retentionDays?: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly storedBytes: number;
}

export interface LogStream {
  readonly id: string;
  readonly name: string;
  readonly createdMs: number;
  /** The three are absent while the stream is empty. */
  readonly firstEventMs?: number;
  readonly lastEventMs?: number;
  readonly lastIngestionMs?: number;
}

export interface StreamPage {
  readonly prefix?: string;
  readonly orderBy: 'name' | 'last-event';
  readonly descending: boolean;
  /** The last stream of the page before. */
  readonly after?: { readonly name: string; readonly lastEventMs: number };
  readonly limit: number;
}

/** Log groups and log streams as records; their events are `LogChunkStore`'s. */
export class LogGroupStore {
  readonly #database: Database;
  readonly #ids: Ids;

  constructor(database: Database, ids: Ids) {
    this.#database = database;
    this.#ids = ids;
  }

  /** False where the group exists already. */
  async createGroup(
    scope: Scope,
    name: string,
    nowMs: number,
    tags: Readonly<Record<string, string>>,
  ): Promise<boolean> {
    const [created] = await this.#database.write([this.#insertGroup(scope, name, nowMs, tags)]);
    return created === 1;
  }

  async findGroup(scope: Scope, name: string): Promise<LogGroup | undefined> {
    const rows = await this.#database.query(
      `${selectGroup} WHERE account = $1 AND region = $2 AND name = $3`,
      [scope.account, scope.region, name],
    );
    return rows[0] && groupOf(rows[0]);
  }

  /** In order of name, from behind `after`. */
  async listGroups(
    scope: Scope,
    page: { readonly prefix: string; readonly after: string; readonly limit: number },
  ): Promise<readonly LogGroup[]> {
    const rows = await this.#database.query(
      `${selectGroup} WHERE account = $1 AND region = $2 AND name >= $3 AND name < $4 AND name > $5
       ORDER BY name LIMIT $6`,
      [scope.account, scope.region, page.prefix, prefixEnd(page.prefix), page.after, page.limit],
    );
    return rows.map(groupOf);
  }

  /** Groups of every account and region that have a retention. */
  async listRetentions(): Promise<readonly { readonly groupId: string; readonly retentionDays: number }[]> {
    const rows = await this.#database.query(
      'SELECT id, retention_days FROM log_groups WHERE retention_days IS NOT NULL',
    );
    return rows.map((row) => ({
      groupId: textOf(row, 'id'),
      retentionDays: numberOf(row, 'retention_days'),
    }));
  }

  async setRetention(groupId: string, retentionDays: number | null): Promise<void> {
    const sql = 'UPDATE log_groups SET retention_days = $1 WHERE id = $2';
    await this.#database.write([{ sql, params: [retentionDays, groupId] }]);
  }

  /** Replaces the tags by what `change` makes of them. */
  async changeTags(
    groupId: string,
    change: (tags: Readonly<Record<string, string>>) => Readonly<Record<string, string>>,
  ): Promise<void> {
    await this.#database.transaction(async (transaction) => {
      const [row] = await transaction.query('SELECT tags FROM log_groups WHERE id = $1', [groupId]);
      if (!row) return;
      const tags = JSON.stringify(change(parseTags(textOf(row, 'tags'))));
      await transaction.execute('UPDATE log_groups SET tags = $1 WHERE id = $2', [tags, groupId]);
    });
  }

  /** Its streams are gone at once; their chunks are left to `LogChunkStore.collectGarbage`. */
  async deleteGroup(groupId: string): Promise<void> {
    await this.#database.write([
      {
        sql: 'INSERT INTO log_garbage (stream_id) SELECT id FROM log_streams WHERE group_id = $1',
        params: [groupId],
      },
      { sql: 'DELETE FROM log_streams WHERE group_id = $1', params: [groupId] },
      { sql: 'DELETE FROM log_groups WHERE id = $1', params: [groupId] },
    ]);
  }

  /** As `deleteGroup`, for every group of every account. */
  async deleteAllGroups(): Promise<void> {
    await this.#database.write([
      { sql: 'INSERT INTO log_garbage (stream_id) SELECT id FROM log_streams' },
      { sql: 'DELETE FROM log_streams' },
      { sql: 'DELETE FROM log_groups' },
    ]);
  }

  /** False where the stream exists already. */
  async createStream(groupId: string, name: string, nowMs: number): Promise<boolean> {
    const [created] = await this.#database.write([
      {
        sql: `INSERT INTO log_streams (group_id, name, id, created_ms, last_event_ms, stored_bytes)
              VALUES ($1, $2, $3, $4, 0, 0)
              ON CONFLICT (group_id, name) DO NOTHING`,
        params: [groupId, name, this.#ids.hex(16), nowMs],
      },
    ]);
    return created === 1;
  }

  /** Makes group and stream where they are missing; gives back the ids of both. */
  async ensureStream(
    scope: Scope,
    group: string,
    stream: string,
    nowMs: number,
  ): Promise<{ readonly groupId: string; readonly streamId: string } | undefined> {
    await this.#database.write([
      this.#insertGroup(scope, group, nowMs, {}),
      {
        sql: `INSERT INTO log_streams (group_id, name, id, created_ms, last_event_ms, stored_bytes)
              SELECT id, CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS BIGINT), 0, 0 FROM log_groups
              WHERE account = $1 AND region = $2 AND name = $3
              ON CONFLICT (group_id, name) DO NOTHING`,
        params: [scope.account, scope.region, group, stream, this.#ids.hex(16), nowMs],
      },
    ]);
    const [row] = await this.#database.query(
      `SELECT s.id AS stream_id, s.group_id FROM log_streams s JOIN log_groups g ON g.id = s.group_id
       WHERE g.account = $1 AND g.region = $2 AND g.name = $3 AND s.name = $4`,
      [scope.account, scope.region, group, stream],
    );
    return row && { groupId: textOf(row, 'group_id'), streamId: textOf(row, 'stream_id') };
  }

  async findStreams(groupId: string, names: readonly string[]): Promise<readonly LogStream[]> {
    const places = names.map((_, at) => `$${at + 2}`).join(', ');
    const rows = await this.#database.query(
      `${selectStream} WHERE group_id = $1 AND name IN (${places}) ORDER BY name`,
      [groupId, ...names],
    );
    return rows.map(streamOf);
  }

  /** Names by id. */
  async streamNames(groupId: string, ids: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
    const names = new Map<string, string>();
    for (const id of ids) {
      const sql = 'SELECT name FROM log_streams WHERE id = $1 AND group_id = $2';
      const [row] = await this.#database.query(sql, [id, groupId]);
      if (row) names.set(id, textOf(row, 'name'));
    }
    return names;
  }

  async listStreams(groupId: string, page: StreamPage): Promise<readonly LogStream[]> {
    const { sql, params } = pageOfStreams(groupId, page);
    return (await this.#database.query(sql, params)).map(streamOf);
  }

  /** Gone at once; its chunks are left to `LogChunkStore.collectGarbage`. */
  async deleteStream(streamId: string): Promise<void> {
    await this.#database.write([
      { sql: 'INSERT INTO log_garbage (stream_id) VALUES ($1)', params: [streamId] },
      { sql: 'DELETE FROM log_streams WHERE id = $1', params: [streamId] },
    ]);
  }

  #insertGroup(scope: Scope, name: string, nowMs: number, tags: Readonly<Record<string, string>>): Statement {
    return {
      sql: `INSERT INTO log_groups (account, region, name, id, created_ms, tags) VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (account, region, name) DO NOTHING`,
      params: [scope.account, scope.region, name, this.#ids.hex(16), nowMs, JSON.stringify(tags)],
    };
  }
}

const selectGroup = `SELECT id, name, created_ms, retention_days, tags,
  (SELECT COALESCE(SUM(stored_bytes), 0) FROM log_streams WHERE group_id = log_groups.id) AS stored_bytes FROM log_groups`;

const selectStream =
  'SELECT id, name, created_ms, first_event_ms, last_event_ms, last_ingestion_ms FROM log_streams';

function pageOfStreams(groupId: string, page: StreamPage): Required<Statement> {
  const [direction, behind] = page.descending ? ['DESC', '<'] : ['ASC', '>'];
  const prefix = page.prefix ?? '';
  const within = `${selectStream} WHERE group_id = $1 AND name >= $2 AND name < $3`;
  const params = [groupId, prefix, prefixEnd(prefix), page.limit];
  const order =
    page.orderBy === 'name' ? `name ${direction}` : `last_event_ms ${direction}, name ${direction}`;
  const end = `ORDER BY ${order} LIMIT $4`;
  if (!page.after) return { sql: `${within} ${end}`, params };
  if (page.orderBy === 'name') {
    return { sql: `${within} AND name ${behind} $5 ${end}`, params: [...params, page.after.name] };
  }
  return {
    sql: `${within} AND (last_event_ms, name) ${behind} ($5, $6) ${end}`,
    params: [...params, page.after.lastEventMs, page.after.name],
  };
}

function groupOf(row: Row): LogGroup {
  const retentionDays = optional(numberOf, row, 'retention_days');
  return {
    id: textOf(row, 'id'),
    name: textOf(row, 'name'),
    createdMs: numberOf(row, 'created_ms'),
    tags: parseTags(textOf(row, 'tags')),
    storedBytes: numberOf(row, 'stored_bytes'),
    ...(retentionDays === undefined ? {} : { retentionDays }),
  };
}

function streamOf(row: Row): LogStream {
  const stream = {
    id: textOf(row, 'id'),
    name: textOf(row, 'name'),
    createdMs: numberOf(row, 'created_ms'),
  };
  if (row['first_event_ms'] === null) return stream;
  return {
    ...stream,
    firstEventMs: numberOf(row, 'first_event_ms'),
    lastEventMs: numberOf(row, 'last_event_ms'),
    lastIngestionMs: numberOf(row, 'last_ingestion_ms'),
  };
}

function parseTags(json: string): Readonly<Record<string, string>> {
  return JSON.parse(json) as Record<string, string>;
}
