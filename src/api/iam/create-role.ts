import type { CreateRoleRequest, CreateRoleResponse } from '@aws-sdk/client-iam';
import type { CallContext, Validated } from '../operation.ts';
import { requireTrustPolicy } from './documents.ts';
import { entityAlreadyExists, limitExceeded } from './errors.ts';
import { quotas } from './quotas.ts';
import { renderNewRole } from './roles.ts';
import { countRoles, findRole, type Reader, type Role, writeRole } from './roles-store.ts';
import { apply, type IamOperation } from './services.ts';
import { parseTags } from './tags.ts';
import { newUniqueId } from './unique-ids.ts';

export const createRole: IamOperation<
  Validated<CreateRoleRequest, 'RoleName' | 'AssumeRolePolicyDocument'>,
  CreateRoleResponse
> = {
  name: 'CreateRole',
  members: {
    stored: {
      AssumeRolePolicyDocument:
        'Decides when another account assumes the role; within the account everybody may.',
      PermissionsBoundary: 'Identity policies are kept and answered, not evaluated.',
    },
  },
  async run({ database, clock, ids }, input, context) {
    requireTrustPolicy(input.AssumeRolePolicyDocument);
    const role: Role = {
      account: context.account,
      name: input.RoleName,
      path: input.Path ?? '/',
      roleId: newUniqueId('AROA', ids),
      createdMs: clock.nowMs(),
      trustPolicy: input.AssumeRolePolicyDocument,
      ...(input.Description === undefined ? {} : { description: input.Description }),
      maxSessionSeconds: input.MaxSessionDuration ?? 3600,
      ...(input.PermissionsBoundary === undefined ? {} : { permissionsBoundary: input.PermissionsBoundary }),
      tags: parseTags(input.Tags),
    };
    await database.transaction(async (transaction) => {
      await requireNewRole(transaction, context, role.name);
      await apply(transaction, writeRole(role));
    });
    return { Role: renderNewRole(role) };
  },
};

async function requireNewRole(reader: Reader, { account }: CallContext, name: string): Promise<void> {
  if (await findRole(reader, account, name)) {
    throw entityAlreadyExists(`Role with name ${name} already exists.`);
  }
  if ((await countRoles(reader, account)) >= quotas.roles) {
    throw limitExceeded(`Cannot exceed quota for RolesPerAccount: ${quotas.roles}`);
  }
}
