import type { RemovePermissionRequest } from '@aws-sdk/client-lambda';
import type { Operation, Validated } from '../operation.ts';
import { functionPolicyResource, refuseLatest } from './policy-resource.ts';
import type { LambdaServices } from './services.ts';

export const removePermission: Operation<
  LambdaServices,
  Validated<RemovePermissionRequest, 'FunctionName' | 'StatementId'>,
  void
> = {
  name: 'RemovePermission',
  async run(services, input, context) {
    const resource = await functionPolicyResource(services, context, { input, action: 'RemovePermission' });
    refuseLatest(resource);
    await services.policies.remove(resource, input.StatementId, { revisionId: input.RevisionId });
  },
};
