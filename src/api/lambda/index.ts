import type { Operation } from '../operation.ts';
import type { LambdaServices } from './services.ts';

export type { LambdaServices } from './services.ts';

/** An operation in the list: its input was checked against the service model before `run` sees it. */
export type LambdaOperation = Operation<LambdaServices, unknown, unknown>;

/** Every operation that Hearth performs; whatever else the service model names is answered 501. */
export const lambdaOperations: readonly LambdaOperation[] = [];
