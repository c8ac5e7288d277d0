import type { PutRolePolicyRequest } from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { policySize, requireIdentityPolicy } from './documents.ts';
import { limitExceeded } from './errors.ts';
import { quotas } from './quotas.ts';
import { changeRole } from './roles.ts';
import { pageRolePolicies, type RolePolicy, writeRolePolicy } from './roles-store.ts';
import { apply, type IamOperation } from './services.ts';

export const putRolePolicy: IamOperation<
  Validated<PutRolePolicyRequest, 'RoleName' | 'PolicyName' | 'PolicyDocument'>,
  void
> = {
  name: 'PutRolePolicy',
  members: { stored: { PolicyDocument: 'Identity policies are kept and answered, not evaluated.' } },
  async run(services, input, context) {
    requireIdentityPolicy(input.PolicyDocument);
    const policy: RolePolicy = { policyName: input.PolicyName, document: input.PolicyDocument };
    await changeRole(services, { context, name: input.RoleName }, async (role, transaction) => {
      const all = await pageRolePolicies(transaction, role, { after: '', count: mostInlinePolicies });
      requireRoom(role.name, [...all.filter((one) => one.policyName !== policy.policyName), policy]);
      await apply(transaction, writeRolePolicy(role, policy));
    });
  },
};

/** More than fit into the characters that a role's inline policies may have together. */
const mostInlinePolicies = quotas.inlinePoliciesCharacters;

function requireRoom(roleName: string, policies: readonly RolePolicy[]): void {
  const characters = policies.reduce((sum, { document }) => sum + policySize(document), 0);
  if (characters <= quotas.inlinePoliciesCharacters) return;
  throw limitExceeded(
    `Maximum policy size of ${quotas.inlinePoliciesCharacters} bytes exceeded for role ${roleName}`,
  );
}
