import type { PublishLayerVersionRequest, PublishLayerVersionResponse } from '@aws-sdk/client-lambda';
import { awsError } from '../../model/index.ts';
import type { Operation } from '../operation.ts';
import { checkCompatibleRuntimes } from './compatible-runtimes.ts';
import { parseOwnLayerName } from './layer-name.ts';
import { refusedAtPublishLayer } from './refused-settings.ts';
import { renderLayerVersion } from './render-layer.ts';
import type { LambdaServices } from './services.ts';

export const publishLayerVersion: Operation<
  LambdaServices,
  PublishLayerVersionRequest,
  PublishLayerVersionResponse
> = {
  name: 'PublishLayerVersion',
  members: { refused: refusedAtPublishLayer },
  async run(services, input, context) {
    const key = parseOwnLayerName(context, { name: input.LayerName, action: 'PublishLayerVersion' });
    checkCompatibleRuntimes(input.CompatibleRuntimes);
    const zip = input.Content?.ZipFile;
    if (zip === undefined) {
      throw awsError(
        'InvalidParameterValueException',
        'Please provide a source for the layer content: ZipFile.',
      );
    }
    const layer = await services.layers.publish(key, {
      zip,
      description: input.Description ?? '',
      licenseInfo: input.LicenseInfo,
      compatibleRuntimes: input.CompatibleRuntimes,
      compatibleArchitectures: input.CompatibleArchitectures,
    });
    return renderLayerVersion(services, layer, context);
  },
};
