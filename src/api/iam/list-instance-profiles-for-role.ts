import type {
  ListInstanceProfilesForRoleRequest,
  ListInstanceProfilesForRoleResponse,
} from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { requireRole } from './roles.ts';
import type { IamOperation } from './services.ts';

/** There are no instance profiles: none can be made here. Terraform asks before it deletes a role. */
export const listInstanceProfilesForRole: IamOperation<
  Validated<ListInstanceProfilesForRoleRequest, 'RoleName'>,
  ListInstanceProfilesForRoleResponse
> = {
  name: 'ListInstanceProfilesForRole',
  async run({ database }, input, context) {
    await requireRole(database, context, input.RoleName);
    return { InstanceProfiles: [], IsTruncated: false };
  },
};
