import type { SetDefaultPolicyVersionRequest } from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { changePolicy, noSuchVersion, versionNumber } from './managed-policies.ts';
import { findVersion, writePolicy } from './managed-policies-store.ts';
import { apply, type IamOperation } from './services.ts';

export const setDefaultPolicyVersion: IamOperation<
  Validated<SetDefaultPolicyVersionRequest, 'PolicyArn' | 'VersionId'>,
  void
> = {
  name: 'SetDefaultPolicyVersion',
  async run(services, input, context) {
    await changePolicy(services, { context, arn: input.PolicyArn }, async (policy, transaction) => {
      const number = versionNumber(input.VersionId);
      if (!(await findVersion(transaction, policy, number))) throw noSuchVersion(policy.arn, input.VersionId);
      await apply(transaction, writePolicy({ ...policy, defaultVersion: number }));
    });
  },
};
