import type { UpdateRoleDescriptionRequest, UpdateRoleDescriptionResponse } from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { changeRole, renderRole } from './roles.ts';
import { writeRole } from './roles-store.ts';
import { apply, type IamOperation } from './services.ts';

export const updateRoleDescription: IamOperation<
  Validated<UpdateRoleDescriptionRequest, 'RoleName' | 'Description'>,
  UpdateRoleDescriptionResponse
> = {
  name: 'UpdateRoleDescription',
  async run(services, input, context) {
    const role = await changeRole(services, { context, name: input.RoleName }, async (role, transaction) => {
      const next = { ...role, description: input.Description };
      await apply(transaction, writeRole(next));
      return next;
    });
    return { Role: renderRole(role) };
  },
};
