export type { CallContext, Caller, MemberStatus, Operation } from './operation.ts';
export { type LambdaOperation, type LambdaServices, lambdaOperations } from './lambda/index.ts';
