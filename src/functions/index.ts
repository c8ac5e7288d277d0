export { type VersionSnapshots } from './snap-start.ts';
export type { AliasUpdate, NewAlias } from './aliases.ts';
export { type Alias, type AliasRouting, isVersionName } from './aliases-store.ts';
export { readChangeable } from './changeable.ts';
export { DOWNLOAD_PATH, type DownloadLinks } from './code/download-links.ts';
export type { ConfigurationChange, LoggingChange } from './configuration.ts';
export { machineArchitecture } from './architecture.ts';
export type { CodeSource } from './deployment.ts';
export { renewRevision } from './functions-store.ts';
export type { Aliases } from './aliases.ts';
export type { Functions, ListPosition } from './functions.ts';
export type { Layers } from './layers.ts';
export type { Versions } from './versions.ts';
export type { LayerFilter } from './layers.ts';
export type { LayerVersion } from './layers-store.ts';
export { parseLayerVersionArn } from './layer-use.ts';
export type { LiveLookup } from './live-lookup.ts';
export type { CodeOnDisk, FunctionAddress, FunctionLookup, InvocationTarget } from './lookup.ts';
export { type AllowedFolder, FileSystems } from './file-systems.ts';
export { functionNotFound } from './not-found.ts';
export { type FunctionsModule, type FunctionsOptions, openFunctions } from './open-functions.ts';
export { functionsMigrations } from './schema.ts';
export type {
  AccessQuestion,
  FunctionDependents,
  FunctionKey,
  KnownRuntimes,
  ReservedConcurrency,
  ResourceAccess,
} from './settings.ts';
export { AccessControl, type AccessCaller, type ResourceRequest } from './access.ts';
export type {
  EventInvokeConfig,
  EventInvokeConfigs,
  QualifiedEventInvokeConfig,
} from './event-invoke-store.ts';
export type { FunctionOptions, RecursiveLoop, RuntimeManagement } from './function-options-store.ts';
export { FunctionSettings, functionSettingsMigrations } from './function-settings.ts';
export type { Permission } from './policies/permission-statement.ts';
export {
  type PolicyResource,
  parsePolicyResource,
  policyResourceArn,
} from './policies/policy-resource.ts';
export { ResourcePolicies } from './policies/resource-policies.ts';
export { ReservedConcurrencyStore } from './reserved-concurrency-store.ts';
export type {
  ProvisionedConcurrency,
  ProvisionedConfig,
  ProvisionedPlan,
} from './provisioned/provisioned-concurrency-store.ts';
export { FunctionTags, type Tags } from './tags-store.ts';
export { codeSha256 } from './versions.ts';
export { openSettings, type SettingsModule } from './open-settings.ts';
export { type SubnetNetwork, Vpc, vpcIdOf } from './vpc.ts';
