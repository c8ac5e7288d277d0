import type { DetachRolePolicyRequest } from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { noSuchEntity } from './errors.ts';
import { requireArn } from './managed-policies.ts';
import { changeRole } from './roles.ts';
import { deleteAttachment } from './roles-store.ts';
import type { IamOperation } from './services.ts';

export const detachRolePolicy: IamOperation<
  Validated<DetachRolePolicyRequest, 'RoleName' | 'PolicyArn'>,
  void
> = {
  name: 'DetachRolePolicy',
  async run(services, input, context) {
    requireArn(input.PolicyArn);
    await changeRole(services, { context, name: input.RoleName }, async (role, transaction) => {
      const { sql, params } = deleteAttachment(role, input.PolicyArn);
      if ((await transaction.execute(sql, params)) > 0) return;
      throw noSuchEntity(`Policy ${input.PolicyArn} was not found.`);
    });
  },
};
