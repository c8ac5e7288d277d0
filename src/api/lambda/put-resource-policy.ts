import type { PutResourcePolicyRequest, PutResourcePolicyResponse } from '@aws-sdk/client-lambda';
import { LATEST } from '../../model/index.ts';
import type { Operation, Validated } from '../operation.ts';
import { policyResourceByArn, refuseLatest } from './policy-resource.ts';
import type { LambdaServices } from './services.ts';

/** Replaces the whole policy, statements of `AddPermission` included; may deny, and have any condition. */
export const putResourcePolicy: Operation<
  LambdaServices,
  Validated<PutResourcePolicyRequest, 'ResourceArn' | 'Policy'>,
  PutResourcePolicyResponse
> = {
  name: 'PutResourcePolicy',
  async run(services, input, context) {
    refuseLatest({ qualifier: input.ResourceArn.endsWith(`:${LATEST}`) ? LATEST : '' });
    const request = { arn: input.ResourceArn, action: 'PutResourcePolicy' };
    const resource = await policyResourceByArn(services, context, request);
    const condition = { revisionId: input.RevisionId };
    const { document, revisionId } = await services.policies.replace(resource, input.Policy, condition);
    return { Policy: document, RevisionId: revisionId };
  },
};
