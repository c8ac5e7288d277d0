import type { GetLayerVersionPolicyRequest, GetLayerVersionPolicyResponse } from '@aws-sdk/client-lambda';
import type { Operation, Validated } from '../operation.ts';
import { layerPolicyResource } from './policy-resource.ts';
import type { LambdaServices } from './services.ts';

export const getLayerVersionPolicy: Operation<
  LambdaServices,
  Validated<GetLayerVersionPolicyRequest, 'LayerName' | 'VersionNumber'>,
  GetLayerVersionPolicyResponse
> = {
  name: 'GetLayerVersionPolicy',
  async run(services, input, context) {
    const request = { input, action: 'GetLayerVersionPolicy' };
    const { document, revisionId } = await services.policies.get(
      await layerPolicyResource(services, context, request),
    );
    return { Policy: document, RevisionId: revisionId };
  },
};
