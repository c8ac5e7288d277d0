import type { UpdateAssumeRolePolicyRequest } from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { requireTrustPolicy } from './documents.ts';
import { changeRole } from './roles.ts';
import { writeRole } from './roles-store.ts';
import { apply, type IamOperation } from './services.ts';

export const updateAssumeRolePolicy: IamOperation<
  Validated<UpdateAssumeRolePolicyRequest, 'RoleName' | 'PolicyDocument'>,
  void
> = {
  name: 'UpdateAssumeRolePolicy',
  members: {
    stored: {
      PolicyDocument: 'Decides when another account assumes the role; within the account everybody may.',
    },
  },
  async run(services, input, context) {
    requireTrustPolicy(input.PolicyDocument);
    await changeRole(services, { context, name: input.RoleName }, (role, transaction) =>
      apply(transaction, writeRole({ ...role, trustPolicy: input.PolicyDocument })),
    );
  },
};
