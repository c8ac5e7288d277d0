export { functionArn, LATEST, layerArn, layerVersionArn, type Scope } from './arns.ts';
export { AwsError, type AwsErrorCode, awsError, notImplemented, serviceError } from './errors.ts';
export { type FunctionNameParts, parseFunctionName, resolveFunctionName } from './function-address.ts';
export type {
  CodeRef,
  FileSystemRef,
  FunctionState,
  FunctionVersion,
  ImageCode,
  ImageConfig,
  LastUpdateStatus,
  LayerRef,
  LogFormat,
  LoggingSettings,
  LogLevelName,
  StateReason,
  VpcSettings,
} from './function-version.ts';
export { limits } from './limits.ts';
export { startsFromSnapshot } from './snap-start.ts';
export { acceptedRuntimeSet, type RuntimeStanding, runtimeStanding } from './runtimes.ts';
export {
  type AccessDecision,
  type AccessRequest,
  evaluatePolicies,
  type RequestPrincipal,
} from './policy.ts';
export type { PolicyContext } from './policy-conditions.ts';
export { policyContext, type RequestFacts } from './policy-context.ts';
export {
  type Policy,
  type PolicyKind,
  type PolicyStatement,
  PolicySyntaxError,
  parsePolicy,
} from './policy-document.ts';
