export { type DebugEvent, DebugInvoker, type DebugRequest } from './debugging/debug-invoker.ts';
export { FunctionInvoker } from './function-invoker.ts';
export { requireTenant } from './tenancy.ts';
export type { ResponseStream, ResponseStreamHead } from '../environments/index.ts';
export type { InvocationOutcome, InvocationRequest, Invoker } from './invocation.ts';
