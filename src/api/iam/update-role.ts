import type { UpdateRoleRequest, UpdateRoleResponse } from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { changeRole } from './roles.ts';
import { type Role, writeRole } from './roles-store.ts';
import { apply, type IamOperation } from './services.ts';

export const updateRole: IamOperation<Validated<UpdateRoleRequest, 'RoleName'>, UpdateRoleResponse> = {
  name: 'UpdateRole',
  async run(services, input, context) {
    await changeRole(services, { context, name: input.RoleName }, async (role, transaction) => {
      const next: Role = {
        ...role,
        ...(input.Description === undefined ? {} : { description: input.Description }),
        maxSessionSeconds: input.MaxSessionDuration ?? role.maxSessionSeconds,
      };
      await apply(transaction, writeRole(next));
    });
    return {};
  },
};
