import type { TagRoleRequest } from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { changeRole } from './roles.ts';
import { writeRole } from './roles-store.ts';
import { apply, type IamOperation } from './services.ts';
import { withTags } from './tags.ts';

export const tagRole: IamOperation<Validated<TagRoleRequest, 'RoleName' | 'Tags'>, void> = {
  name: 'TagRole',
  async run(services, input, context) {
    await changeRole(services, { context, name: input.RoleName }, (role, transaction) =>
      apply(transaction, writeRole({ ...role, tags: withTags(role.tags, input.Tags) })),
    );
  },
};
