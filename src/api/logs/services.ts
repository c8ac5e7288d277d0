import type { Clock } from '../../base/index.ts';
import type { Logs } from '../../telemetry/index.ts';
import type { Operation } from '../operation.ts';

/** What the operations of CloudWatch Logs work with. */
export interface LogsServices {
  readonly logs: Logs;
  readonly clock: Clock;
}

export type LogsOperation<Input, Output> = Operation<LogsServices, Input, Output>;
