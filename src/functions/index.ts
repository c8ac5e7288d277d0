export type { FunctionAddress, FunctionLookup, InvocationTarget } from './lookup.ts';
export type {
  AccessQuestion,
  FunctionDependents,
  FunctionKey,
  KnownRuntimes,
  ReservedConcurrency,
  ResourceAccess,
} from './settings.ts';
export { AccessControl, type AccessCaller, type ResourceRequest } from './access.ts';
export {
  type EventInvokeConfig,
  FunctionOptions,
  type QualifiedEventInvokeConfig,
  type RecursiveLoop,
  type RuntimeManagement,
} from './function-options-store.ts';
export { FunctionSettings, functionSettingsMigrations } from './function-settings.ts';
export type { Permission } from './policies/permission-statement.ts';
export {
  type PolicyResource,
  parsePolicyResource,
  policyResourceArn,
} from './policies/policy-resource.ts';
export { noSuchPolicy, ResourcePolicies } from './policies/resource-policies.ts';
export { ReservedConcurrencyStore } from './reserved-concurrency-store.ts';
export { FunctionTags, type Tags } from './tags-store.ts';
