import type { DeleteRolePolicyRequest } from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { changeRole, requireRolePolicy } from './roles.ts';
import { deleteRolePolicy as deleteRow } from './roles-store.ts';
import { apply, type IamOperation } from './services.ts';

export const deleteRolePolicy: IamOperation<
  Validated<DeleteRolePolicyRequest, 'RoleName' | 'PolicyName'>,
  void
> = {
  name: 'DeleteRolePolicy',
  async run(services, input, context) {
    await changeRole(services, { context, name: input.RoleName }, async (role, transaction) => {
      await requireRolePolicy(transaction, role, input.PolicyName);
      await apply(transaction, deleteRow(role, input.PolicyName));
    });
  },
};
