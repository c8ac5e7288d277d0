import type { Clock, Ids, Log } from '../../base/index.ts';
import { applyMigrations, type Database } from '../../store/index.ts';
import { BufferedLogSink } from './buffered-log-sink.ts';
import { LogChunkStore } from './log-chunk-store.ts';
import { LogGroupStore, logMigrations } from './log-group-store.ts';
import { LogPruner } from './log-pruner.ts';

/** 10 GiB: function logs must not fill the disk of whoever runs a load test. */
const defaultMaxStoredBytes = 10 * 2 ** 30;

export interface LogsOptions {
  /** May be a file of its own (`survives: 'process-death'`), so that log commits do not hold up durable ones. */
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly maxStoredBytes?: number;
}

/** Function logs: the way in (`sink`), the records (`groups`), the events (`chunks`, read by `readEvents`). */
export interface Logs {
  readonly sink: BufferedLogSink;
  readonly groups: LogGroupStore;
  readonly chunks: LogChunkStore;
  readonly pruner: LogPruner;
  /** Deletes every log group with what is buffered; space is freed afterwards. */
  clear(): Promise<void>;
  /** Stores what is buffered, and stops; the database is closed by whoever opened it. */
  close(): Promise<void>;
}

/** Brings the schema up to date and starts flushing and pruning. */
export async function openLogs(options: LogsOptions): Promise<Logs> {
  const { database, clock, ids, log } = options;
  await applyMigrations(database, logMigrations);
  const groups = new LogGroupStore(database, ids);
  const chunks = new LogChunkStore(database, Number.parseInt(ids.hex(8), 16));
  const sink = new BufferedLogSink({ groups, chunks, clock, log });
  const maxStoredBytes = options.maxStoredBytes ?? defaultMaxStoredBytes;
  const pruner = new LogPruner({ groups, chunks, clock, log, maxStoredBytes });
  return {
    sink,
    groups,
    chunks,
    pruner,
    clear: async () => {
      await sink.flush();
      await groups.deleteAllGroups();
      void pruner.prune();
    },
    close: async () => {
      await sink.close();
      await pruner.close();
    },
  };
}
