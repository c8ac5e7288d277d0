import type { CreatePolicyVersionRequest, CreatePolicyVersionResponse } from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { requireManagedPolicy } from './documents.ts';
import { limitExceeded } from './errors.ts';
import { changePolicy, renderListedVersion } from './managed-policies.ts';
import { insertVersion, listVersions, writePolicy } from './managed-policies-store.ts';
import { quotas } from './quotas.ts';
import { apply, type IamOperation } from './services.ts';

export const createPolicyVersion: IamOperation<
  Validated<CreatePolicyVersionRequest, 'PolicyArn' | 'PolicyDocument'>,
  CreatePolicyVersionResponse
> = {
  name: 'CreatePolicyVersion',
  members: { stored: { PolicyDocument: 'Identity policies are kept and answered, not evaluated.' } },
  async run(services, input, context) {
    requireManagedPolicy(input.PolicyDocument);
    return changePolicy(services, { context, arn: input.PolicyArn }, async (policy, transaction) => {
      if ((await listVersions(transaction, policy)).length >= quotas.versionsPerPolicy)
        throw tooManyVersions();
      const createdMs = services.clock.nowMs();
      const number = policy.lastVersion + 1;
      const version = { number, document: input.PolicyDocument, createdMs };
      const defaultVersion = input.SetAsDefault ? number : policy.defaultVersion;
      const next = { ...policy, lastVersion: number, defaultVersion, updatedMs: createdMs };
      await apply(transaction, writePolicy(next), insertVersion(policy, version));
      return { PolicyVersion: renderListedVersion(version, defaultVersion) };
    });
  },
};

function tooManyVersions(): Error {
  return limitExceeded(
    `A managed policy can have up to ${quotas.versionsPerPolicy} versions. Before you create a new version, you must delete an existing version.`,
  );
}
