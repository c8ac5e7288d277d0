import { type Clock, deferred } from '../base/index.ts';
import { DatabaseError, transactionLimitMs } from './database.ts';

/** As `running`, but rejects with `timeout` when that takes longer than a transaction may. */
export async function withinTransactionLimit<T>(clock: Clock, running: Promise<T>): Promise<T> {
  const late = deferred<never>();
  const error = new DatabaseError('timeout', `a transaction took longer than ${transactionLimitMs} ms`);
  const cancel = clock.setTimer(transactionLimitMs, () => late.reject(error));
  try {
    return await Promise.race([running, late.promise]);
  } finally {
    cancel();
  }
}
