import type { GetResourcePolicyRequest, GetResourcePolicyResponse } from '@aws-sdk/client-lambda';
import type { Operation, Validated } from '../operation.ts';
import { policyResourceByArn } from './policy-resource.ts';
import type { LambdaServices } from './services.ts';

export const getResourcePolicy: Operation<
  LambdaServices,
  Validated<GetResourcePolicyRequest, 'ResourceArn'>,
  GetResourcePolicyResponse
> = {
  name: 'GetResourcePolicy',
  async run(services, input, context) {
    const request = { arn: input.ResourceArn, action: 'GetResourcePolicy' };
    const { document, revisionId } = await services.policies.get(
      await policyResourceByArn(services, context, request),
    );
    return { Policy: document, RevisionId: revisionId };
  },
};
