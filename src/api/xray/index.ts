import type { Operation } from '../operation.ts';
import { batchGetTraces } from './batch-get-traces.ts';
import { getTraceSummaries } from './get-trace-summaries.ts';
import { putTraceSegments } from './put-trace-segments.ts';
import type { XrayServices } from './services.ts';

export type { XrayServices } from './services.ts';

/** The operations of X-Ray that Hearth performs; whatever else X-Ray has is answered 501. */
export const xrayOperations: readonly Operation<XrayServices, never, unknown>[] = [
  batchGetTraces,
  getTraceSummaries,
  putTraceSegments,
];
