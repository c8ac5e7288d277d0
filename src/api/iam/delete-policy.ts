import type { DeletePolicyRequest } from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { deleteConflict } from './errors.ts';
import { changePolicy } from './managed-policies.ts';
import { deletePolicy as deleteRows, listVersions } from './managed-policies-store.ts';
import { countAttachments } from './roles-store.ts';
import { apply, type IamOperation } from './services.ts';

export const deletePolicy: IamOperation<Validated<DeletePolicyRequest, 'PolicyArn'>, void> = {
  name: 'DeletePolicy',
  async run(services, input, context) {
    await changePolicy(services, { context, arn: input.PolicyArn }, async (policy, transaction) => {
      if ((await countAttachments(transaction, policy.account, policy.arn)) > 0) {
        throw deleteConflict('Cannot delete a policy attached to entities.');
      }
      if ((await listVersions(transaction, policy)).length > 1) {
        throw deleteConflict(
          "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
        );
      }
      await apply(transaction, ...deleteRows(policy));
    });
  },
};
