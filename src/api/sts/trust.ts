import type { AssumeRoleRequest } from '@aws-sdk/client-sts';
import {
  evaluatePolicies,
  type PolicyContext,
  parsePolicy,
  policyContext,
  type RequestPrincipal,
  serviceError,
} from '../../model/index.ts';
import type { Role } from '../iam/roles-store.ts';
import type { Caller } from '../operation.ts';

interface AssumeRoleCall {
  readonly caller: Caller;
  readonly input: AssumeRoleRequest;
  readonly nowMs: number;
}

/** Throws `AccessDenied` unless the role is there and trusts the caller. */
export function requireTrust(role: Role | undefined, call: AssumeRoleCall): void {
  if (role !== undefined && trusts(role, call)) return;
  const { caller, input } = call;
  throw serviceError(
    'AccessDenied',
    403,
    `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${input.RoleArn}`,
  );
}

function trusts(role: Role, { caller, input, nowMs }: AssumeRoleCall): boolean {
  const principal: RequestPrincipal = { kind: 'aws', account: caller.account, arn: caller.arn };
  return evaluatePolicies([parsePolicy(role.trustPolicy, 'trust')], {
    principal,
    action: 'sts:AssumeRole',
    resource: input.RoleArn ?? '',
    context: withStsKeys(policyContext({ principal, nowMs }), input),
  }).allowed;
}

function withStsKeys(context: PolicyContext, input: AssumeRoleRequest): PolicyContext {
  const keys = new Map(context);
  if (input.ExternalId !== undefined) keys.set('sts:externalid', [input.ExternalId]);
  if (input.RoleSessionName !== undefined) keys.set('sts:rolesessionname', [input.RoleSessionName]);
  return keys;
}
