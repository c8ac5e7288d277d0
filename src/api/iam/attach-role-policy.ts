import type { AttachRolePolicyRequest } from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { limitExceeded } from './errors.ts';
import { requireAttachable } from './managed-policies.ts';
import { quotas } from './quotas.ts';
import { changeRole } from './roles.ts';
import { insertAttachment, pageAttachments } from './roles-store.ts';
import { apply, type IamOperation } from './services.ts';

export const attachRolePolicy: IamOperation<
  Validated<AttachRolePolicyRequest, 'RoleName' | 'PolicyArn'>,
  void
> = {
  name: 'AttachRolePolicy',
  members: { stored: { PolicyArn: 'Identity policies are kept and answered, not evaluated.' } },
  async run(services, input, context) {
    await changeRole(services, { context, name: input.RoleName }, async (role, transaction) => {
      await requireAttachable(transaction, context, input.PolicyArn);
      const attached = await pageAttachments(transaction, role, { after: '', count: quotas.policiesPerRole });
      if (!attached.includes(input.PolicyArn) && attached.length >= quotas.policiesPerRole) {
        throw limitExceeded(`Cannot exceed quota for PoliciesPerRole: ${quotas.policiesPerRole}`);
      }
      await apply(transaction, insertAttachment(role, input.PolicyArn));
    });
  },
};
