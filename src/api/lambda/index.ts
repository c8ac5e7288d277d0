import type { Operation } from '../operation.ts';
import { addLayerVersionPermission } from './add-layer-version-permission.ts';
import { addPermission } from './add-permission.ts';
import { createAlias } from './create-alias.ts';
import { createFunction } from './create-function.ts';
import { deleteAlias } from './delete-alias.ts';
import { deleteFunctionConcurrency } from './delete-function-concurrency.ts';
import { deleteFunctionEventInvokeConfig } from './delete-function-event-invoke-config.ts';
import { deleteFunction } from './delete-function.ts';
import { deleteLayerVersion } from './delete-layer-version.ts';
import { deleteProvisionedConcurrencyConfig } from './delete-provisioned-concurrency-config.ts';
import { deleteResourcePolicy } from './delete-resource-policy.ts';
import { getAccountSettings } from './get-account-settings.ts';
import { getAlias } from './get-alias.ts';
import { getFunctionConcurrency } from './get-function-concurrency.ts';
import { getFunctionConfiguration } from './get-function-configuration.ts';
import { getFunctionEventInvokeConfig } from './get-function-event-invoke-config.ts';
import { getFunctionRecursionConfig } from './get-function-recursion-config.ts';
import { getFunction } from './get-function.ts';
import { getLayerVersionByArn } from './get-layer-version-by-arn.ts';
import { getLayerVersionPolicy } from './get-layer-version-policy.ts';
import { getLayerVersion } from './get-layer-version.ts';
import { getPolicy } from './get-policy.ts';
import { getProvisionedConcurrencyConfig } from './get-provisioned-concurrency-config.ts';
import { getResourcePolicy } from './get-resource-policy.ts';
import { getRuntimeManagementConfig } from './get-runtime-management-config.ts';
import { listAliases } from './list-aliases.ts';
import { listFunctionEventInvokeConfigs } from './list-function-event-invoke-configs.ts';
import { listFunctions } from './list-functions.ts';
import { listLayerVersions } from './list-layer-versions.ts';
import { listLayers } from './list-layers.ts';
import { listProvisionedConcurrencyConfigs } from './list-provisioned-concurrency-configs.ts';
import { listTags } from './list-tags.ts';
import { listVersionsByFunction } from './list-versions-by-function.ts';
import { publishLayerVersion } from './publish-layer-version.ts';
import { publishVersion } from './publish-version.ts';
import { putFunctionConcurrency } from './put-function-concurrency.ts';
import { putFunctionEventInvokeConfig } from './put-function-event-invoke-config.ts';
import { putFunctionRecursionConfig } from './put-function-recursion-config.ts';
import { putProvisionedConcurrencyConfig } from './put-provisioned-concurrency-config.ts';
import { putResourcePolicy } from './put-resource-policy.ts';
import { putRuntimeManagementConfig } from './put-runtime-management-config.ts';
import { removeLayerVersionPermission } from './remove-layer-version-permission.ts';
import { removePermission } from './remove-permission.ts';
import { tagResource } from './tag-resource.ts';
import { untagResource } from './untag-resource.ts';
import { updateAlias } from './update-alias.ts';
import { updateFunctionCode } from './update-function-code.ts';
import { updateFunctionConfiguration } from './update-function-configuration.ts';
import { updateFunctionEventInvokeConfig } from './update-function-event-invoke-config.ts';
import type { LambdaServices } from './services.ts';

export type { LambdaServices } from './services.ts';

/** An operation in the list: its input was checked against the service model before `run` sees it. */
export type LambdaOperation = Operation<LambdaServices, never, unknown>;

/** Every operation that Hearth performs; whatever else the service model names is answered 501. */
export const lambdaOperations: readonly LambdaOperation[] = [
  addLayerVersionPermission,
  addPermission,
  createAlias,
  createFunction,
  deleteAlias,
  deleteFunction,
  deleteFunctionConcurrency,
  deleteFunctionEventInvokeConfig,
  deleteLayerVersion,
  deleteProvisionedConcurrencyConfig,
  deleteResourcePolicy,
  getAccountSettings,
  getAlias,
  getFunction,
  getFunctionConcurrency,
  getFunctionConfiguration,
  getFunctionEventInvokeConfig,
  getFunctionRecursionConfig,
  getLayerVersion,
  getLayerVersionByArn,
  getLayerVersionPolicy,
  getPolicy,
  getProvisionedConcurrencyConfig,
  getResourcePolicy,
  getRuntimeManagementConfig,
  listAliases,
  listFunctionEventInvokeConfigs,
  listFunctions,
  listLayerVersions,
  listLayers,
  listProvisionedConcurrencyConfigs,
  listTags,
  listVersionsByFunction,
  publishLayerVersion,
  publishVersion,
  putFunctionConcurrency,
  putFunctionEventInvokeConfig,
  putFunctionRecursionConfig,
  putProvisionedConcurrencyConfig,
  putResourcePolicy,
  putRuntimeManagementConfig,
  removeLayerVersionPermission,
  removePermission,
  tagResource,
  untagResource,
  updateAlias,
  updateFunctionCode,
  updateFunctionConfiguration,
  updateFunctionEventInvokeConfig,
];
