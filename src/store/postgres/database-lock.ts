import type postgres from 'postgres';
import type { Log } from '../../base/index.ts';
import { DatabaseError } from '../database.ts';
import { connect, databaseError, run } from './connection.ts';

/** Held until `release`, or until the process is gone in whatever way. */
export interface DatabaseLock {
  release(): Promise<void>;
}

/** Any number that nobody else in this database uses for an advisory lock. */
const LOCK = 4_566_001;

/** SQLSTATE. */
const LOCK_NOT_AVAILABLE = '55P03';

const settings = {
  // A killed server's connection is noticed within milliseconds where its machine lives, by keepalive where it does not.
  lock_timeout: '5s',
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
};

/**
 * Claims a PostgreSQL database for this process: code and caches of a server are its own, so two on one database would
 * answer differently. Rejects with a `DatabaseError` where another server has it. The lock is the connection's: where that
 * breaks it is claimed again, and the log says so if somebody else was quicker.
 */
export async function lockDatabase(url: string, log: Log): Promise<DatabaseLock> {
  let released = false;
  const claimAgain = (): void => {
    if (released) return;
    claim(sql).catch((error: unknown) =>
      log.error({ error }, 'the claim on the database was lost with its connection'),
    );
  };
  const sql = await connect(url, { max: 1, settings, onClose: claimAgain });
  const release = async (): Promise<void> => {
    released = true;
    await sql.end();
  };
  try {
    await claim(sql);
  } catch (error) {
    await release();
    throw error;
  }
  return { release };
}

async function claim(sql: postgres.Sql): Promise<void> {
  try {
    await run(sql, 'SELECT pg_advisory_lock($1)', [LOCK]);
  } catch (error) {
    const timedOut = error instanceof Error && 'code' in error && error.code === LOCK_NOT_AVAILABLE;
    if (!timedOut) throw databaseError(error);
    throw new DatabaseError('failed', 'another Hearth server uses this database', error);
  }
}
