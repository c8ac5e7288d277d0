import type { UntagPolicyRequest } from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { changePolicy } from './managed-policies.ts';
import { writePolicy } from './managed-policies-store.ts';
import { apply, type IamOperation } from './services.ts';
import { withoutTags } from './tags.ts';

export const untagPolicy: IamOperation<Validated<UntagPolicyRequest, 'PolicyArn' | 'TagKeys'>, void> = {
  name: 'UntagPolicy',
  async run(services, input, context) {
    await changePolicy(services, { context, arn: input.PolicyArn }, (policy, transaction) =>
      apply(transaction, writePolicy({ ...policy, tags: withoutTags(policy.tags, input.TagKeys) })),
    );
  },
};
