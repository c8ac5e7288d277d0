export type { InvocationOutcome, InvocationRequest, Invoker } from './invocation.ts';
export { FunctionInvoker } from './function-invoker.ts';
