import type { GetLayerVersionRequest, GetLayerVersionResponse } from '@aws-sdk/client-lambda';
import type { Operation } from '../operation.ts';
import { parseLayerName } from './layer-name.ts';
import { renderLayerVersion } from './render-layer.ts';
import type { LambdaServices } from './services.ts';

export const getLayerVersion: Operation<LambdaServices, GetLayerVersionRequest, GetLayerVersionResponse> = {
  name: 'GetLayerVersion',
  async run(services, input, context) {
    const key = parseLayerName(context, input.LayerName);
    const layer = await services.layers.get(key, input.VersionNumber ?? 0, context.caller);
    return renderLayerVersion(services, layer, context);
  },
};
