import type { DeletePolicyVersionRequest } from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { deleteConflict } from './errors.ts';
import { changePolicy, noSuchVersion, versionNumber } from './managed-policies.ts';
import { deleteVersion, findVersion } from './managed-policies-store.ts';
import { apply, type IamOperation } from './services.ts';

export const deletePolicyVersion: IamOperation<
  Validated<DeletePolicyVersionRequest, 'PolicyArn' | 'VersionId'>,
  void
> = {
  name: 'DeletePolicyVersion',
  async run(services, input, context) {
    await changePolicy(services, { context, arn: input.PolicyArn }, async (policy, transaction) => {
      const number = versionNumber(input.VersionId);
      if (!(await findVersion(transaction, policy, number))) throw noSuchVersion(policy.arn, input.VersionId);
      if (number === policy.defaultVersion) {
        throw deleteConflict('Cannot delete the default version of a policy.');
      }
      await apply(transaction, deleteVersion(policy, number));
    });
  },
};
