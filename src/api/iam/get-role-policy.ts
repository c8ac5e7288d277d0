import type { GetRolePolicyRequest, GetRolePolicyResponse } from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { encodeDocument } from './documents.ts';
import { requireRole, requireRolePolicy } from './roles.ts';
import type { IamOperation } from './services.ts';

export const getRolePolicy: IamOperation<
  Validated<GetRolePolicyRequest, 'RoleName' | 'PolicyName'>,
  GetRolePolicyResponse
> = {
  name: 'GetRolePolicy',
  async run({ database }, input, context) {
    const role = await requireRole(database, context, input.RoleName);
    const { policyName, document } = await requireRolePolicy(database, role, input.PolicyName);
    return { RoleName: role.name, PolicyName: policyName, PolicyDocument: encodeDocument(document) };
  },
};
