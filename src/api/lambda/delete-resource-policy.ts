import type { DeleteResourcePolicyRequest } from '@aws-sdk/client-lambda';
import type { Operation, Validated } from '../operation.ts';
import { policyResourceByArn } from './policy-resource.ts';
import type { LambdaServices } from './services.ts';

export const deleteResourcePolicy: Operation<
  LambdaServices,
  Validated<DeleteResourcePolicyRequest, 'ResourceArn'>,
  void
> = {
  name: 'DeleteResourcePolicy',
  async run(services, input, context) {
    const request = { arn: input.ResourceArn, action: 'DeleteResourcePolicy' };
    const resource = await policyResourceByArn(services, context, request);
    await services.policies.delete(resource, { revisionId: input.RevisionId });
  },
};
