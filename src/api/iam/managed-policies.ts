import { createHash } from 'node:crypto';
import type { Policy as PolicyShape, PolicyVersion as VersionShape } from '@aws-sdk/client-iam';
import type { Transaction } from '../../store/index.ts';
import type { CallContext } from '../operation.ts';
import { type AwsManagedPolicy, awsManagedPolicy } from './aws-managed-policies.ts';
import { encodeDocument } from './documents.ts';
import { noSuchEntity, validationError } from './errors.ts';
import { findPolicy, type ManagedPolicy, type PolicyVersion } from './managed-policies-store.ts';
import type { Reader } from './roles-store.ts';
import type { IamServices } from './services.ts';
import { renderTags } from './tags.ts';
import { uniqueId } from './unique-ids.ts';

/** Throws `ValidationError` for what no ARN could be: the model takes any twenty characters. */
export function requireArn(arn: string): void {
  if (!/^arn:[!-~]+$/.test(arn)) throw validationError(`ARN ${arn} is not valid.`);
}

/** Throws `NoSuchEntity` where the account has no such policy; AWS's own are not the account's. */
export async function requirePolicy(
  reader: Reader,
  { account }: CallContext,
  arn: string,
): Promise<ManagedPolicy> {
  requireArn(arn);
  const policy = await findPolicy(reader, account, arn);
  if (policy === undefined) throw noSuchEntity(`Policy ${arn} was not found.`);
  return policy;
}

/** Throws `NoSuchEntity` unless the ARN is that of a policy of the account, or of AWS. */
export async function requireAttachable(
  reader: Reader,
  { account }: CallContext,
  arn: string,
): Promise<void> {
  requireArn(arn);
  if (awsManagedPolicy(arn) !== undefined) return;
  if ((await findPolicy(reader, account, arn)) !== undefined) return;
  throw noSuchEntity(`Policy ${arn} does not exist or is not attachable.`);
}

/** Reads a policy of the account and changes it or its versions in one transaction. */
export function changePolicy<Result>(
  { database }: IamServices,
  { context, arn }: { readonly context: CallContext; readonly arn: string },
  change: (policy: ManagedPolicy, transaction: Transaction) => Promise<Result>,
): Promise<Result> {
  return database.transaction(async (transaction) =>
    change(await requirePolicy(transaction, context, arn), transaction),
  );
}

/** `v3` is 3. */
export function versionNumber(versionId: string): number {
  return Number(/^v(\d{1,9})$/.exec(versionId)?.[1] ?? 0);
}

export function noSuchVersion(arn: string, versionId: string): Error {
  return noSuchEntity(`Policy ${arn} version ${versionId} does not exist or is not attachable.`);
}

/** A policy as `ListPolicies` and `CreatePolicy` show it. */
export function renderListedPolicy(policy: ManagedPolicy, attachmentCount: number): PolicyShape {
  return {
    PolicyName: policy.name,
    PolicyId: policy.policyId,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: `v${policy.defaultVersion}`,
    AttachmentCount: attachmentCount,
    PermissionsBoundaryUsageCount: 0,
    IsAttachable: true,
    CreateDate: new Date(policy.createdMs),
    UpdateDate: new Date(policy.updatedMs),
  };
}

/** A policy as `GetPolicy` shows it. */
export function renderPolicy(policy: ManagedPolicy, attachmentCount: number): PolicyShape {
  return {
    ...renderListedPolicy(policy, attachmentCount),
    ...(policy.description === undefined ? {} : { Description: policy.description }),
    Tags: renderTags(policy.tags),
  };
}

/** When AWS first had managed policies: theirs have no date of this server. */
const awsPoliciesSinceMs = Date.UTC(2015, 1, 6);

export function renderAwsPolicy(policy: AwsManagedPolicy, attachmentCount: number): PolicyShape {
  const rendered = renderListedPolicy(asManagedPolicy(policy), attachmentCount);
  return { ...rendered, Tags: [] };
}

function asManagedPolicy({ arn, name, path }: AwsManagedPolicy): ManagedPolicy {
  return {
    account: 'aws',
    arn,
    name,
    path,
    policyId: uniqueId('ANPA', createHash('sha256').update(arn).digest('hex')),
    createdMs: awsPoliciesSinceMs,
    updatedMs: awsPoliciesSinceMs,
    defaultVersion: 1,
    lastVersion: 1,
    tags: {},
  };
}

export function renderAwsVersion(document: string): VersionShape {
  return renderVersion({ number: 1, document, createdMs: awsPoliciesSinceMs }, 1);
}

/** A version as `GetPolicyVersion` shows it. */
export function renderVersion(version: PolicyVersion, defaultVersion: number): VersionShape {
  return { Document: encodeDocument(version.document), ...renderListedVersion(version, defaultVersion) };
}

/** A version without its document. */
export function renderListedVersion(version: PolicyVersion, defaultVersion: number): VersionShape {
  return {
    VersionId: `v${version.number}`,
    IsDefaultVersion: version.number === defaultVersion,
    CreateDate: new Date(version.createdMs),
  };
}
