import type { UntagRoleRequest } from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { changeRole } from './roles.ts';
import { writeRole } from './roles-store.ts';
import { apply, type IamOperation } from './services.ts';
import { withoutTags } from './tags.ts';

export const untagRole: IamOperation<Validated<UntagRoleRequest, 'RoleName' | 'TagKeys'>, void> = {
  name: 'UntagRole',
  async run(services, input, context) {
    await changeRole(services, { context, name: input.RoleName }, (role, transaction) =>
      apply(transaction, writeRole({ ...role, tags: withoutTags(role.tags, input.TagKeys) })),
    );
  },
};
