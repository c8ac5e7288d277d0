export { LateSnapshots, Snapshots } from './snapshots/index.ts';
export { type EnvironmentOwner, ExecutionEnvironment } from './environment.ts';
export type { EnvironmentOutcome } from './failures.ts';
export type { Caller, EnvironmentInvocation } from './invocation-run.ts';
export { acceptsInvocation } from './lifecycle.ts';
export type { ResponseStream, ResponseStreamHead } from './response-stream/response-relay.ts';
export { expectColdStart } from './fixed-spec.ts';
export { GenericPool, type GenericPoolStatus } from './pool/generic-pool.ts';
export { roleSessionOf } from './role-session.ts';
export {
  type EnvironmentServices,
  type EnvironmentTimings,
  environmentTimings,
  type PreparedVersion,
} from './services.ts';
