import type { GetPolicyVersionRequest, GetPolicyVersionResponse } from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { notImplemented } from '../../model/index.ts';
import { awsManagedPolicy } from './aws-managed-policies.ts';
import {
  noSuchVersion,
  renderAwsVersion,
  renderVersion,
  requirePolicy,
  versionNumber,
} from './managed-policies.ts';
import { findVersion } from './managed-policies-store.ts';
import type { IamOperation } from './services.ts';

export const getPolicyVersion: IamOperation<
  Validated<GetPolicyVersionRequest, 'PolicyArn' | 'VersionId'>,
  GetPolicyVersionResponse
> = {
  name: 'GetPolicyVersion',
  async run({ database }, { PolicyArn: arn, VersionId: versionId }, context) {
    const aws = awsManagedPolicy(arn);
    if (aws !== undefined) {
      if (aws.document === undefined) throw notImplemented('GetPolicyVersion', `the text of ${arn}`);
      if (versionId !== 'v1') throw noSuchVersion(arn, versionId);
      return { PolicyVersion: renderAwsVersion(aws.document) };
    }
    const policy = await requirePolicy(database, context, arn);
    const version = await findVersion(database, policy, versionNumber(versionId));
    if (version === undefined) throw noSuchVersion(arn, versionId);
    return { PolicyVersion: renderVersion(version, policy.defaultVersion) };
  },
};
