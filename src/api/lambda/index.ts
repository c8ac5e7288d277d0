import type { Operation } from '../operation.ts';
import { createAlias } from './create-alias.ts';
import { createFunction } from './create-function.ts';
import { deleteAlias } from './delete-alias.ts';
import { deleteFunction } from './delete-function.ts';
import { deleteLayerVersion } from './delete-layer-version.ts';
import { getAlias } from './get-alias.ts';
import { getFunction } from './get-function.ts';
import { getFunctionConfiguration } from './get-function-configuration.ts';
import { getLayerVersion } from './get-layer-version.ts';
import { getLayerVersionByArn } from './get-layer-version-by-arn.ts';
import { listAliases } from './list-aliases.ts';
import { listFunctions } from './list-functions.ts';
import { listLayerVersions } from './list-layer-versions.ts';
import { listLayers } from './list-layers.ts';
import { listVersionsByFunction } from './list-versions-by-function.ts';
import { publishLayerVersion } from './publish-layer-version.ts';
import { publishVersion } from './publish-version.ts';
import { updateAlias } from './update-alias.ts';
import { updateFunctionCode } from './update-function-code.ts';
import { updateFunctionConfiguration } from './update-function-configuration.ts';
import type { LambdaServices } from './services.ts';

export type { LambdaServices } from './services.ts';

/** An operation in the list: its input was checked against the service model before `run` sees it. */
export type LambdaOperation = Operation<LambdaServices, never, unknown>;

/** Every operation that Hearth performs; whatever else the service model names is answered 501. */
export const lambdaOperations: readonly LambdaOperation[] = [
  createAlias,
  createFunction,
  deleteAlias,
  deleteFunction,
  deleteLayerVersion,
  getAlias,
  getFunction,
  getFunctionConfiguration,
  getLayerVersion,
  getLayerVersionByArn,
  listAliases,
  listFunctions,
  listLayerVersions,
  listLayers,
  listVersionsByFunction,
  publishLayerVersion,
  publishVersion,
  updateAlias,
  updateFunctionCode,
  updateFunctionConfiguration,
];
