export type { InvocationOutcome, InvocationRequest, Invoker } from './invocation.ts';
