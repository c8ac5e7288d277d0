import type { GetPolicyRequest, GetPolicyResponse } from '@aws-sdk/client-lambda';
import type { Operation, Validated } from '../operation.ts';
import { functionPolicyResource } from './policy-resource.ts';
import type { LambdaServices } from './services.ts';

export const getPolicy: Operation<
  LambdaServices,
  Validated<GetPolicyRequest, 'FunctionName'>,
  GetPolicyResponse
> = {
  name: 'GetPolicy',
  async run(services, input, context) {
    const resource = await functionPolicyResource(services, context, { input, action: 'GetPolicy' });
    const { document, revisionId } = await services.policies.get(resource);
    return { Policy: document, RevisionId: revisionId };
  },
};
