import type { DeleteRoleRequest } from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { deleteConflict } from './errors.ts';
import { changeRole } from './roles.ts';
import { deleteRole as deleteRoleRow, pageAttachments, pageRolePolicies } from './roles-store.ts';
import { apply, type IamOperation } from './services.ts';

export const deleteRole: IamOperation<Validated<DeleteRoleRequest, 'RoleName'>, void> = {
  name: 'DeleteRole',
  async run(services, input, context) {
    await changeRole(services, { context, name: input.RoleName }, async (role, transaction) => {
      const any = { after: '', count: 1 };
      if ((await pageAttachments(transaction, role, any)).length > 0) {
        throw deleteConflict('Cannot delete entity, must detach all policies first.');
      }
      if ((await pageRolePolicies(transaction, role, any)).length > 0) {
        throw deleteConflict('Cannot delete entity, must delete policies first.');
      }
      await apply(transaction, deleteRoleRow(role));
    });
  },
};
