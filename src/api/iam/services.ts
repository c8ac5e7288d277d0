import type { Clock, Ids } from '../../base/index.ts';
import type { Database, Statement, Transaction } from '../../store/index.ts';
import type { Operation } from '../operation.ts';

/** What IAM's operations work with. */
export interface IamServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** An operation of IAM: account-wide, whatever region the caller signed for. */
export type IamOperation<Input, Output> = Operation<IamServices, Input, Output>;

/** Runs statements one after the other, as part of a transaction. */
export async function apply(
  transaction: Transaction,
  ...statements: readonly Required<Statement>[]
): Promise<void> {
  for (const { sql, params } of statements) await transaction.execute(sql, params);
}
