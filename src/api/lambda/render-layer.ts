import type { GetLayerVersionResponse, LayerVersionsListItem } from '@aws-sdk/client-lambda';
import type { LayerVersion } from '../../functions/index.ts';
import { layerArn, layerVersionArn } from '../../model/index.ts';
import type { CallContext } from '../operation.ts';
import { renderTime } from './render-configuration.ts';
import type { LambdaServices } from './services.ts';

/** A layer version as lists show it. */
export function renderLayerItem(layer: LayerVersion): LayerVersionsListItem {
  const { compatibleRuntimes: runtimes, compatibleArchitectures: architectures, licenseInfo } = layer;
  return {
    LayerVersionArn: layerVersionArn(layer, layer.name, layer.version),
    Version: layer.version,
    Description: layer.description,
    CreatedDate: renderTime(layer.createdMs),
    ...(runtimes
      ? { CompatibleRuntimes: [...runtimes] as NonNullable<LayerVersionsListItem['CompatibleRuntimes']> }
      : {}),
    ...(licenseInfo === undefined ? {} : { LicenseInfo: licenseInfo }),
    ...(architectures
      ? {
          CompatibleArchitectures: [...architectures] as NonNullable<
            LayerVersionsListItem['CompatibleArchitectures']
          >,
        }
      : {}),
  };
}

/** A layer version with its content. */
export function renderLayerVersion(
  services: LambdaServices,
  layer: LayerVersion,
  { baseUrl }: CallContext,
): GetLayerVersionResponse {
  return {
    ...renderLayerItem(layer),
    LayerArn: layerArn(layer, layer.name),
    Content: {
      Location: services.downloadLinks.sign(baseUrl, layer.sha256Hex),
      CodeSha256: Buffer.from(layer.sha256Hex, 'hex').toString('base64'),
      CodeSize: layer.sizeBytes,
    },
  };
}
