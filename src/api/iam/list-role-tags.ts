import type { ListRoleTagsRequest, ListRoleTagsResponse } from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { requireRole } from './roles.ts';
import type { IamOperation } from './services.ts';
import { pageTags } from './tags.ts';

export const listRoleTags: IamOperation<Validated<ListRoleTagsRequest, 'RoleName'>, ListRoleTagsResponse> = {
  name: 'ListRoleTags',
  async run({ database }, input, context) {
    return pageTags((await requireRole(database, context, input.RoleName)).tags, input);
  },
};
