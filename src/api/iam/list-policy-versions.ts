import type { ListPolicyVersionsRequest, ListPolicyVersionsResponse } from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { renderListedVersion, requirePolicy } from './managed-policies.ts';
import { listVersions } from './managed-policies-store.ts';
import type { IamOperation } from './services.ts';

/** One page always: a policy has at most five versions. */
export const listPolicyVersions: IamOperation<
  Validated<ListPolicyVersionsRequest, 'PolicyArn'>,
  ListPolicyVersionsResponse
> = {
  name: 'ListPolicyVersions',
  async run({ database }, input, context) {
    const policy = await requirePolicy(database, context, input.PolicyArn);
    const versions = await listVersions(database, policy);
    const rendered = versions.map((version) => renderListedVersion(version, policy.defaultVersion));
    return { Versions: rendered, IsTruncated: false };
  },
};
