import type { CreatePolicyRequest, CreatePolicyResponse } from '@aws-sdk/client-iam';
import type { CallContext, Validated } from '../operation.ts';
import { requireManagedPolicy } from './documents.ts';
import { entityAlreadyExists, limitExceeded } from './errors.ts';
import { renderListedPolicy } from './managed-policies.ts';
import {
  countPolicies,
  insertVersion,
  type ManagedPolicy,
  policyNameTaken,
  writePolicy,
} from './managed-policies-store.ts';
import { quotas } from './quotas.ts';
import type { Reader } from './roles-store.ts';
import { apply, type IamOperation } from './services.ts';
import { parseTags, renderTags } from './tags.ts';
import { newUniqueId } from './unique-ids.ts';

export const createPolicy: IamOperation<
  Validated<CreatePolicyRequest, 'PolicyName' | 'PolicyDocument'>,
  CreatePolicyResponse
> = {
  name: 'CreatePolicy',
  members: { stored: { PolicyDocument: 'Identity policies are kept and answered, not evaluated.' } },
  async run({ database, clock, ids }, input, context) {
    requireManagedPolicy(input.PolicyDocument);
    const { account } = context;
    const path = input.Path ?? '/';
    const createdMs = clock.nowMs();
    const policy: ManagedPolicy = {
      account,
      arn: `arn:aws:iam::${account}:policy${path}${input.PolicyName}`,
      name: input.PolicyName,
      path,
      policyId: newUniqueId('ANPA', ids),
      ...(input.Description === undefined ? {} : { description: input.Description }),
      createdMs,
      updatedMs: createdMs,
      defaultVersion: 1,
      lastVersion: 1,
      tags: parseTags(input.Tags),
    };
    const version = { number: 1, document: input.PolicyDocument, createdMs };
    await database.transaction(async (transaction) => {
      await requireNewPolicy(transaction, context, policy.name);
      await apply(transaction, writePolicy(policy), insertVersion(policy, version));
    });
    const tags = renderTags(policy.tags);
    return { Policy: { ...renderListedPolicy(policy, 0), ...(tags.length > 0 ? { Tags: tags } : {}) } };
  },
};

async function requireNewPolicy(reader: Reader, { account }: CallContext, name: string): Promise<void> {
  if (await policyNameTaken(reader, account, name)) {
    throw entityAlreadyExists(`A policy called ${name} already exists. Duplicate names are not allowed.`);
  }
  if ((await countPolicies(reader, account)) >= quotas.managedPolicies) {
    throw limitExceeded(`Cannot exceed quota for PoliciesPerAccount: ${quotas.managedPolicies}`);
  }
}
