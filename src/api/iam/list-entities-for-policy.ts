import type { ListEntitiesForPolicyRequest, ListEntitiesForPolicyResponse } from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { requireAttachable } from './managed-policies.ts';
import { pageOf, pageQuery } from './page.ts';
import { pageRolesOfPolicy, roleMarker } from './roles-store.ts';
import type { IamOperation } from './services.ts';

/** Roles alone: there are no users and groups here. */
export const listEntitiesForPolicy: IamOperation<
  Validated<ListEntitiesForPolicyRequest, 'PolicyArn'>,
  ListEntitiesForPolicyResponse
> = {
  name: 'ListEntitiesForPolicy',
  members: {
    refused: {
      PathPrefix: { hint: 'List without it and filter by path.' },
      PolicyUsageFilter: {
        when: (value) => value === 'PermissionsBoundary',
        hint: 'Boundaries are kept with their roles; GetRole shows them.',
      },
    },
  },
  async run({ database }, input, context) {
    await requireAttachable(database, context, input.PolicyArn);
    const none = { PolicyGroups: [], PolicyUsers: [] };
    if (input.EntityFilter !== undefined && input.EntityFilter !== 'Role') {
      return { ...none, PolicyRoles: [], IsTruncated: false };
    }
    const query = pageQuery(input);
    const found = await pageRolesOfPolicy(database, context.account, {
      ...query,
      policyArn: input.PolicyArn,
    });
    const { items, paging } = pageOf(found, query, roleMarker);
    return {
      ...none,
      PolicyRoles: items.map(({ name, roleId }) => ({ RoleName: name, RoleId: roleId })),
      ...paging,
    };
  },
};
