export { functionArn, LATEST, layerArn, layerVersionArn, type Scope } from './arns.ts';
export { AwsError, type AwsErrorCode, awsError, notImplemented, serviceError } from './errors.ts';
export type {
  CodeRef,
  FunctionState,
  FunctionVersion,
  LastUpdateStatus,
  LayerRef,
  LogFormat,
  LoggingSettings,
  LogLevelName,
  StateReason,
} from './function-version.ts';
export { limits } from './limits.ts';
export { acceptedRuntimeSet, type RuntimeStanding, runtimeStanding } from './runtimes.ts';
