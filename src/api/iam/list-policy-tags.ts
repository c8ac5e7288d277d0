import type { ListPolicyTagsRequest, ListPolicyTagsResponse } from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { requirePolicy } from './managed-policies.ts';
import type { IamOperation } from './services.ts';
import { pageTags } from './tags.ts';

export const listPolicyTags: IamOperation<
  Validated<ListPolicyTagsRequest, 'PolicyArn'>,
  ListPolicyTagsResponse
> = {
  name: 'ListPolicyTags',
  async run({ database }, input, context) {
    return pageTags((await requirePolicy(database, context, input.PolicyArn)).tags, input);
  },
};
