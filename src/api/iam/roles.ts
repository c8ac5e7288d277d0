import type { Role as RoleShape } from '@aws-sdk/client-iam';
import type { Transaction } from '../../store/index.ts';
import type { CallContext } from '../operation.ts';
import { encodeDocument } from './documents.ts';
import { noSuchEntity } from './errors.ts';
import { findRole, findRolePolicy, type Reader, type Role, type RolePolicy } from './roles-store.ts';
import type { IamServices } from './services.ts';
import { renderTags } from './tags.ts';

/** Throws `NoSuchEntity` where the role is not there. */
export async function requireRole(reader: Reader, { account }: CallContext, name: string): Promise<Role> {
  const role = await findRole(reader, account, name);
  if (role === undefined) throw noSuchEntity(`The role with name ${name} cannot be found.`);
  return role;
}

/** Reads a role and changes it or what hangs on it in one transaction. */
export function changeRole<Result>(
  { database }: IamServices,
  { context, name }: { readonly context: CallContext; readonly name: string },
  change: (role: Role, transaction: Transaction) => Promise<Result>,
): Promise<Result> {
  return database.transaction(async (transaction) =>
    change(await requireRole(transaction, context, name), transaction),
  );
}

export function roleArn({ account, path, name }: Pick<Role, 'account' | 'path' | 'name'>): string {
  return `arn:aws:iam::${account}:role${path}${name}`;
}

/** A role as `ListRoles` shows it: without tags and boundary. */
export function renderListedRole(role: Role): RoleShape {
  return {
    ...renderNewRole({ ...role, tags: {} }),
    ...(role.description === undefined ? {} : { Description: role.description }),
    MaxSessionDuration: role.maxSessionSeconds,
  };
}

/** A role as `CreateRole` answers it. */
export function renderNewRole(role: Role): RoleShape {
  const tags = renderTags(role.tags);
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.roleId,
    Arn: roleArn(role),
    CreateDate: new Date(role.createdMs),
    AssumeRolePolicyDocument: encodeDocument(role.trustPolicy),
    ...(tags.length > 0 ? { Tags: tags } : {}),
  };
}

/** A role as `GetRole` shows it. */
export function renderRole(role: Role): RoleShape {
  const boundary = role.permissionsBoundary;
  const tags = renderTags(role.tags);
  return {
    ...renderListedRole(role),
    ...(tags.length > 0 ? { Tags: tags } : {}),
    ...(boundary === undefined
      ? {}
      : {
          PermissionsBoundary: {
            PermissionsBoundaryType: 'PermissionsBoundaryPolicy',
            PermissionsBoundaryArn: boundary,
          },
        }),
    RoleLastUsed: {},
  };
}

/** Throws `NoSuchEntity` where the role has no inline policy of this name. */
export async function requireRolePolicy(reader: Reader, role: Role, policyName: string): Promise<RolePolicy> {
  const policy = await findRolePolicy(reader, role, policyName);
  if (policy === undefined) throw noSuchEntity(`The role policy with name ${policyName} cannot be found.`);
  return policy;
}
