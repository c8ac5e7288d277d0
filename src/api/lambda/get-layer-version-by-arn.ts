import type { GetLayerVersionByArnRequest, GetLayerVersionResponse } from '@aws-sdk/client-lambda';
import { parseLayerVersionArn } from '../../functions/index.ts';
import { awsError } from '../../model/index.ts';
import type { Operation } from '../operation.ts';
import { renderLayerVersion } from './render-layer.ts';
import type { LambdaServices } from './services.ts';

export const getLayerVersionByArn: Operation<
  LambdaServices,
  GetLayerVersionByArnRequest,
  GetLayerVersionResponse
> = {
  name: 'GetLayerVersionByArn',
  async run(services, input, context) {
    const named = parseLayerVersionArn(input.Arn ?? '');
    if (!named || named.region !== context.region) {
      throw awsError('ResourceNotFoundException', 'The resource you requested does not exist.');
    }
    const { version, ...key } = named;
    return renderLayerVersion(services, await services.layers.get(key, version, context.caller), context);
  },
};
