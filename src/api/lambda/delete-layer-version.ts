import type { DeleteLayerVersionRequest } from '@aws-sdk/client-lambda';
import type { Operation } from '../operation.ts';
import { parseOwnLayerName } from './layer-name.ts';
import type { LambdaServices } from './services.ts';

export const deleteLayerVersion: Operation<LambdaServices, DeleteLayerVersionRequest, void> = {
  name: 'DeleteLayerVersion',
  async run({ layers }, input, context) {
    const key = parseOwnLayerName(context, { name: input.LayerName, action: 'DeleteLayerVersion' });
    await layers.delete(key, input.VersionNumber ?? 0);
  },
};
