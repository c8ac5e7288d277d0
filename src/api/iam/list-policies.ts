import type { ListPoliciesRequest, ListPoliciesResponse, Policy } from '@aws-sdk/client-iam';
import type { CallContext } from '../operation.ts';
import { awsManagedPolicies } from './aws-managed-policies.ts';
import { renderAwsPolicy, renderListedPolicy } from './managed-policies.ts';
import { pagePolicies, policyMarker } from './managed-policies-store.ts';
import { type PageQuery, pageOf, pageQuery } from './page.ts';
import { countAttachments, type Reader } from './roles-store.ts';
import type { IamOperation } from './services.ts';

/** AWS's own policies come first, then those of the account: the first character of a marker says where to go on. */
export const listPolicies: IamOperation<ListPoliciesRequest, ListPoliciesResponse> = {
  name: 'ListPolicies',
  members: {
    refused: {
      OnlyAttached: { when: (value) => value === true, hint: 'AttachmentCount tells which are.' },
      PolicyUsageFilter: { hint: 'AttachmentCount tells what is attached; GetRole shows boundaries.' },
    },
  },
  async run({ database }, input, context) {
    const query = pageQuery(input);
    const scope = input.Scope ?? 'All';
    const aws = scope === 'Local' ? [] : awsPage(input.PathPrefix ?? '/', query);
    const local = scope === 'AWS' ? [] : await localPage(database, context, { ...query, ...input });
    const { items, paging } = pageOf([...aws, ...local], query, ({ marker }) => marker);
    const policies = await Promise.all(
      items.map(({ arn, render }) => countThen(database, context, arn, render)),
    );
    return { Policies: policies, ...paging };
  },
};

interface Listed {
  readonly arn: string;
  readonly marker: string;
  readonly render: (attachmentCount: number) => Policy;
}

function awsPage(pathPrefix: string, { after }: PageQuery): readonly Listed[] {
  return awsManagedPolicies()
    .filter(({ path }) => path.startsWith(pathPrefix))
    .map((policy) => ({
      arn: policy.arn,
      marker: `a${policyMarker(policy)}`,
      render: (count: number) => renderAwsPolicy(policy, count),
    }))
    .filter(({ marker }) => marker > after)
    .sort((left, right) => (left.marker < right.marker ? -1 : 1));
}

async function localPage(
  reader: Reader,
  { account }: CallContext,
  query: PageQuery & { readonly PathPrefix?: string | undefined },
): Promise<readonly Listed[]> {
  const after = query.after.startsWith('l') ? query.after.slice(1) : '';
  const page = { after, count: query.count, pathPrefix: query.PathPrefix ?? '/' };
  return (await pagePolicies(reader, account, page)).map((policy) => ({
    arn: policy.arn,
    marker: `l${policyMarker(policy)}`,
    render: (count) => renderListedPolicy(policy, count),
  }));
}

async function countThen(
  reader: Reader,
  { account }: CallContext,
  arn: string,
  render: Listed['render'],
): Promise<Policy> {
  return render(await countAttachments(reader, account, arn));
}
