import type { Scope } from '../model/index.ts';
import {
  type Database,
  type Migration,
  numberOf,
  optional,
  type Row,
  type SqlValue,
  type Statement,
  textOf,
} from '../store/index.ts';

export const autoscalingMigrations: readonly Migration[] = [
  {
    id: 'autoscaling-0001-targets',
    statements: [
      `CREATE TABLE scalable_targets (
        account TEXT NOT NULL, region TEXT NOT NULL, resource_id TEXT NOT NULL,
        id TEXT NOT NULL, min_capacity INTEGER NOT NULL, max_capacity INTEGER NOT NULL,
        suspended TEXT NOT NULL, tags TEXT NOT NULL, created_ms BIGINT NOT NULL,
        PRIMARY KEY (account, region, resource_id))`,
      `CREATE TABLE scheduled_actions (
        account TEXT NOT NULL, region TEXT NOT NULL, resource_id TEXT NOT NULL, name TEXT NOT NULL,
        id TEXT NOT NULL, schedule TEXT NOT NULL, timezone TEXT, start_ms BIGINT, end_ms BIGINT,
        min_capacity INTEGER, max_capacity INTEGER, created_ms BIGINT NOT NULL, next_run_ms BIGINT,
        PRIMARY KEY (account, region, resource_id, name))`,
      'CREATE INDEX scheduled_actions_next ON scheduled_actions (next_run_ms) WHERE next_run_ms IS NOT NULL',
    ],
  },
];

/** The kinds of scaling that a target does not do for now. */
export interface Suspended {
  readonly dynamicIn: boolean;
  readonly dynamicOut: boolean;
  readonly scheduled: boolean;
}

/** `function:name:qualifier` of one account and region. */
export interface TargetKey extends Scope {
  readonly resourceId: string;
}

export interface ScalableTarget extends TargetKey {
  readonly id: string;
  readonly minCapacity: number;
  readonly maxCapacity: number;
  readonly suspended: Suspended;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdMs: number;
}

export interface ScheduledAction extends TargetKey {
  readonly name: string;
  readonly id: string;
  readonly schedule: string;
  readonly timezone?: string;
  readonly startMs?: number;
  readonly endMs?: number;
  readonly minCapacity?: number;
  readonly maxCapacity?: number;
  readonly createdMs: number;
  /** Absent where it will not run again. */
  readonly nextRunMs?: number;
}

/** Names are unique within a target. */
export interface ActionPosition {
  readonly resourceId: string;
  readonly name: string;
}

/** Scalable targets and their scheduled actions. */
export class ScalingStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async target(key: TargetKey): Promise<ScalableTarget | undefined> {
    const [row] = await this.#database.query(`SELECT * FROM scalable_targets WHERE ${ofTarget}`, keyOf(key));
    return row && parseTarget(row);
  }

  /** In the order of their resources, those after `after`. */
  async targets(
    scope: Scope,
    page: { readonly after: string; readonly count: number },
  ): Promise<readonly ScalableTarget[]> {
    const sql = `SELECT * FROM scalable_targets
      WHERE account = $1 AND region = $2 AND resource_id > $3 ORDER BY resource_id LIMIT $4`;
    const rows = await this.#database.query(sql, [scope.account, scope.region, page.after, page.count]);
    return rows.map(parseTarget);
  }

  async countTargets(scope: Scope): Promise<number> {
    const sql = 'SELECT COUNT(*) AS found FROM scalable_targets WHERE account = $1 AND region = $2';
    const [row] = await this.#database.query(sql, [scope.account, scope.region]);
    return row ? numberOf(row, 'found') : 0;
  }

  async putTarget(target: ScalableTarget): Promise<void> {
    await this.#database.write([insertTarget(target)]);
  }

  /** With its actions. Whether there was one. */
  async deleteTarget(key: TargetKey): Promise<boolean> {
    const [removed = 0] = await this.#database.write([
      { sql: `DELETE FROM scalable_targets WHERE ${ofTarget}`, params: keyOf(key) },
      { sql: `DELETE FROM scheduled_actions WHERE ${ofTarget}`, params: keyOf(key) },
    ]);
    return removed > 0;
  }

  async action(key: TargetKey, name: string): Promise<ScheduledAction | undefined> {
    const sql = `SELECT * FROM scheduled_actions WHERE ${ofTarget} AND name = $4`;
    const [row] = await this.#database.query(sql, [...keyOf(key), name]);
    return row && parseAction(row);
  }

  async countActions(key: TargetKey): Promise<number> {
    const sql = `SELECT COUNT(*) AS found FROM scheduled_actions WHERE ${ofTarget}`;
    const [row] = await this.#database.query(sql, keyOf(key));
    return row ? numberOf(row, 'found') : 0;
  }

  async actions(
    scope: Scope,
    page: { readonly after: ActionPosition; readonly count: number },
  ): Promise<readonly ScheduledAction[]> {
    const sql = `SELECT * FROM scheduled_actions
      WHERE account = $1 AND region = $2 AND (resource_id, name) > ($3, $4) ORDER BY resource_id, name LIMIT $5`;
    const { resourceId, name } = page.after;
    const rows = await this.#database.query(sql, [scope.account, scope.region, resourceId, name, page.count]);
    return rows.map(parseAction);
  }

  async putAction(action: ScheduledAction): Promise<void> {
    await this.#database.write([insertAction(action)]);
  }

  /** Whether there was one. */
  async deleteAction(key: TargetKey, name: string): Promise<boolean> {
    const sql = `DELETE FROM scheduled_actions WHERE ${ofTarget} AND name = $4`;
    const [removed = 0] = await this.#database.write([{ sql, params: [...keyOf(key), name] }]);
    return removed > 0;
  }

  /** Those that are due, the earliest first. */
  async due(nowMs: number, count: number): Promise<readonly ScheduledAction[]> {
    const sql = `SELECT * FROM scheduled_actions WHERE next_run_ms IS NOT NULL AND next_run_ms <= $1
      ORDER BY next_run_ms LIMIT $2`;
    return (await this.#database.query(sql, [nowMs, count])).map(parseAction);
  }

  async nextRunMs(): Promise<number | undefined> {
    const sql = 'SELECT MIN(next_run_ms) AS next FROM scheduled_actions WHERE next_run_ms IS NOT NULL';
    const [row] = await this.#database.query(sql);
    return row && optional(numberOf, row, 'next');
  }

  /** After a run: the target's new bounds, and when the action runs next. Nothing where somebody changed the action meanwhile. */
  async advance(
    ran: ScheduledAction,
    after: { readonly target?: ScalableTarget | undefined; readonly nextRunMs?: number | undefined },
  ): Promise<void> {
    await this.#database.transaction(async (transaction) => {
      const changed = await transaction.execute(
        `UPDATE scheduled_actions SET next_run_ms = $5
          WHERE ${ofTarget} AND name = $4 AND id = $6 AND next_run_ms = $7`,
        [...keyOf(ran), ran.name, after.nextRunMs ?? null, ran.id, ran.nextRunMs ?? null],
      );
      if (changed === 0 || !after.target) return;
      const { minCapacity, maxCapacity } = after.target;
      await transaction.execute(
        `UPDATE scalable_targets SET min_capacity = $4, max_capacity = $5 WHERE ${ofTarget}`,
        [...keyOf(ran), minCapacity, maxCapacity],
      );
    });
  }
}

const ofTarget = 'account = $1 AND region = $2 AND resource_id = $3';

function keyOf(key: TargetKey): readonly SqlValue[] {
  return [key.account, key.region, key.resourceId];
}

function insertTarget(target: ScalableTarget): Statement {
  return {
    sql: `INSERT INTO scalable_targets
        (account, region, resource_id, id, min_capacity, max_capacity, suspended, tags, created_ms)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
      ON CONFLICT (account, region, resource_id) DO UPDATE SET min_capacity = excluded.min_capacity,
        max_capacity = excluded.max_capacity, suspended = excluded.suspended, tags = excluded.tags`,
    params: [
      ...keyOf(target),
      target.id,
      target.minCapacity,
      target.maxCapacity,
      JSON.stringify(target.suspended),
      JSON.stringify(target.tags),
      target.createdMs,
    ],
  };
}

function insertAction(action: ScheduledAction): Statement {
  return {
    sql: `INSERT INTO scheduled_actions (account, region, resource_id, name, id, schedule, timezone,
        start_ms, end_ms, min_capacity, max_capacity, created_ms, next_run_ms)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
      ON CONFLICT (account, region, resource_id, name) DO UPDATE SET schedule = excluded.schedule,
        timezone = excluded.timezone, start_ms = excluded.start_ms, end_ms = excluded.end_ms,
        min_capacity = excluded.min_capacity, max_capacity = excluded.max_capacity,
        next_run_ms = excluded.next_run_ms`,
    params: [
      ...keyOf(action),
      action.name,
      action.id,
      action.schedule,
      action.timezone ?? null,
      action.startMs ?? null,
      action.endMs ?? null,
      action.minCapacity ?? null,
      action.maxCapacity ?? null,
      action.createdMs,
      action.nextRunMs ?? null,
    ],
  };
}

function parseKey(row: Row): TargetKey {
  return {
    account: textOf(row, 'account'),
    region: textOf(row, 'region'),
    resourceId: textOf(row, 'resource_id'),
  };
}

function parseTarget(row: Row): ScalableTarget {
  return {
    ...parseKey(row),
    id: textOf(row, 'id'),
    minCapacity: numberOf(row, 'min_capacity'),
    maxCapacity: numberOf(row, 'max_capacity'),
    suspended: JSON.parse(textOf(row, 'suspended')) as Suspended,
    tags: JSON.parse(textOf(row, 'tags')) as ScalableTarget['tags'],
    createdMs: numberOf(row, 'created_ms'),
  };
}

function parseAction(row: Row): ScheduledAction {
  const [timezone, startMs, endMs] = [
    optional(textOf, row, 'timezone'),
    optional(numberOf, row, 'start_ms'),
    optional(numberOf, row, 'end_ms'),
  ];
  const [minCapacity, maxCapacity, nextRunMs] = [
    optional(numberOf, row, 'min_capacity'),
    optional(numberOf, row, 'max_capacity'),
    optional(numberOf, row, 'next_run_ms'),
  ];
  return {
    ...parseKey(row),
    name: textOf(row, 'name'),
    id: textOf(row, 'id'),
    schedule: textOf(row, 'schedule'),
    createdMs: numberOf(row, 'created_ms'),
    ...(timezone === undefined ? {} : { timezone }),
    ...(startMs === undefined ? {} : { startMs }),
    ...(endMs === undefined ? {} : { endMs }),
    ...(minCapacity === undefined ? {} : { minCapacity }),
    ...(maxCapacity === undefined ? {} : { maxCapacity }),
    ...(nextRunMs === undefined ? {} : { nextRunMs }),
  };
}
