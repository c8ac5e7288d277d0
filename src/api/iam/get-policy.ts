import type { GetPolicyRequest, GetPolicyResponse } from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { awsManagedPolicy } from './aws-managed-policies.ts';
import { renderAwsPolicy, renderPolicy, requireArn, requirePolicy } from './managed-policies.ts';
import { countAttachments } from './roles-store.ts';
import type { IamOperation } from './services.ts';

export const getPolicy: IamOperation<Validated<GetPolicyRequest, 'PolicyArn'>, GetPolicyResponse> = {
  name: 'GetPolicy',
  async run({ database }, { PolicyArn: arn }, context) {
    requireArn(arn);
    const aws = awsManagedPolicy(arn);
    const attachments = await countAttachments(database, context.account, arn);
    if (aws !== undefined) return { Policy: renderAwsPolicy(aws, attachments) };
    return { Policy: renderPolicy(await requirePolicy(database, context, arn), attachments) };
  },
};
