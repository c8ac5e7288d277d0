import type { GetRoleRequest, GetRoleResponse } from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { renderRole, requireRole } from './roles.ts';
import type { IamOperation } from './services.ts';

export const getRole: IamOperation<Validated<GetRoleRequest, 'RoleName'>, GetRoleResponse> = {
  name: 'GetRole',
  async run({ database }, input, context) {
    return { Role: renderRole(await requireRole(database, context, input.RoleName)) };
  },
};
