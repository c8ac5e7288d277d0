import type { RemoveLayerVersionPermissionRequest } from '@aws-sdk/client-lambda';
import type { Operation, Validated } from '../operation.ts';
import { layerPolicyResource } from './policy-resource.ts';
import type { LambdaServices } from './services.ts';

export const removeLayerVersionPermission: Operation<
  LambdaServices,
  Validated<RemoveLayerVersionPermissionRequest, 'LayerName' | 'VersionNumber' | 'StatementId'>,
  void
> = {
  name: 'RemoveLayerVersionPermission',
  async run(services, input, context) {
    const request = { input, action: 'RemoveLayerVersionPermission' };
    const resource = await layerPolicyResource(services, context, request);
    await services.policies.remove(resource, input.StatementId, { revisionId: input.RevisionId });
  },
};
