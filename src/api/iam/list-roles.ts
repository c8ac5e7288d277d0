import type { ListRolesRequest, ListRolesResponse } from '@aws-sdk/client-iam';
import { pageOf, pageQuery } from './page.ts';
import { renderListedRole } from './roles.ts';
import { pageRoles, roleMarker } from './roles-store.ts';
import type { IamOperation } from './services.ts';

export const listRoles: IamOperation<ListRolesRequest, ListRolesResponse> = {
  name: 'ListRoles',
  async run({ database }, input, { account }) {
    const query = pageQuery(input);
    const found = await pageRoles(database, account, { ...query, pathPrefix: input.PathPrefix ?? '/' });
    const { items, paging } = pageOf(found, query, roleMarker);
    return { Roles: items.map(renderListedRole), ...paging };
  },
};
