import type { TagPolicyRequest } from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { changePolicy } from './managed-policies.ts';
import { writePolicy } from './managed-policies-store.ts';
import { apply, type IamOperation } from './services.ts';
import { withTags } from './tags.ts';

export const tagPolicy: IamOperation<Validated<TagPolicyRequest, 'PolicyArn' | 'Tags'>, void> = {
  name: 'TagPolicy',
  async run(services, input, context) {
    await changePolicy(services, { context, arn: input.PolicyArn }, (policy, transaction) =>
      apply(transaction, writePolicy({ ...policy, tags: withTags(policy.tags, input.Tags) })),
    );
  },
};
