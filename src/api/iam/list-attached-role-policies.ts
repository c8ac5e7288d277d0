import type { ListAttachedRolePoliciesRequest, ListAttachedRolePoliciesResponse } from '@aws-sdk/client-iam';
import type { Validated } from '../operation.ts';
import { pageOf, pageQuery } from './page.ts';
import { quotas } from './quotas.ts';
import { requireRole } from './roles.ts';
import { pageAttachments } from './roles-store.ts';
import type { IamOperation } from './services.ts';

export const listAttachedRolePolicies: IamOperation<
  Validated<ListAttachedRolePoliciesRequest, 'RoleName'>,
  ListAttachedRolePoliciesResponse
> = {
  name: 'ListAttachedRolePolicies',
  async run({ database }, input, context) {
    const role = await requireRole(database, context, input.RoleName);
    const query = pageQuery(input);
    const found = await pageAttachments(database, role, {
      after: query.after,
      count: quotas.policiesPerRole,
    });
    const under = found.filter((arn) => policyPath(arn).startsWith(input.PathPrefix ?? '/'));
    const { items, paging } = pageOf(under, query, (arn) => arn);
    const policies = items.map((arn) => ({
      PolicyName: arn.slice(arn.lastIndexOf('/') + 1),
      PolicyArn: arn,
    }));
    return { AttachedPolicies: policies, ...paging };
  },
};

/** `/service-role/` of `arn:aws:iam::aws:policy/service-role/NAME`. */
function policyPath(arn: string): string {
  return arn.slice(arn.indexOf(':policy/') + ':policy'.length, arn.lastIndexOf('/') + 1);
}
