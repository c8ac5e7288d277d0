export type { AssembledTrace } from './assemble-trace.ts';
export { openTracing, type Tracing } from './open-tracing.ts';
export type { InvocationTrace } from './trace-header.ts';
export { summarize, type TraceSummary } from './trace-summary.ts';
export type { Tracer } from './tracer.ts';
