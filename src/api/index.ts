export type { CallContext, Caller, MemberStatus, Operation } from './operation.ts';
