import type { Clock } from '../../base/index.ts';
import type { Tracing } from '../../tracing/index.ts';
import type { Operation } from '../operation.ts';

/** What the operations of X-Ray work with. */
export interface XrayServices {
  readonly tracing: Pick<Tracing, 'put' | 'read' | 'list'>;
  readonly clock: Clock;
}

export type XrayOperation<Input, Output> = Operation<XrayServices, Input, Output>;
