import type { ListRolePoliciesRequest, ListRolePoliciesResponse } from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { pageOf, pageQuery } from './page.ts';
import { requireRole } from './roles.ts';
import { pageRolePolicies } from './roles-store.ts';
import type { IamOperation } from './services.ts';

export const listRolePolicies: IamOperation<
  Validated<ListRolePoliciesRequest, 'RoleName'>,
  ListRolePoliciesResponse
> = {
  name: 'ListRolePolicies',
  async run({ database }, input, context) {
    const role = await requireRole(database, context, input.RoleName);
    const query = pageQuery(input);
    const found = await pageRolePolicies(database, role, query);
    const { items, paging } = pageOf(found, query, ({ policyName }) => policyName);
    return { PolicyNames: items.map(({ policyName }) => policyName), ...paging };
  },
};
