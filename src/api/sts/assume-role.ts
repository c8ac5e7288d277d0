import type { AssumeRoleRequest, AssumeRoleResponse } from '@aws-sdk/client-sts';
import { invariant } from '../../base/index.ts';
import { serviceError } from '../../model/index.ts';
import { findRole, type Role } from '../iam/roles-store.ts';
import type { Operation, Validated } from '../operation.ts';
import type { StsServices } from './services.ts';
import { requireTrust } from './trust.ts';

const hint = 'Identity policies are not evaluated, so that nothing could narrow a session.';

/**
 * Within its own account a caller may assume any well-formed role ARN, whether IAM knows the role or not; another account's
 * role has to be there, and its trust policy has to allow the caller.
 */
export const assumeRole: Operation<
  StsServices,
  Validated<AssumeRoleRequest, 'RoleArn' | 'RoleSessionName'>,
  AssumeRoleResponse
> = {
  name: 'AssumeRole',
  members: {
    refused: {
      Policy: { hint },
      PolicyArns: { hint },
      Tags: { hint: 'Session tags would decide nothing.' },
      TransitiveTagKeys: { hint: 'Session tags would decide nothing.' },
      SourceIdentity: { hint: 'It would be kept nowhere.' },
      SerialNumber: { hint: 'There are no MFA devices.' },
      TokenCode: { hint: 'There are no MFA devices.' },
      ProvidedContexts: { hint: 'There are no context providers.' },
    },
  },
  async run(services, input, { caller }) {
    const { account, path, name } = parseRoleArn(input.RoleArn);
    const found = await findRole(services.database, account, name);
    const role = found?.path === path ? found : undefined;
    if (account !== caller.account) requireTrust(role, { caller, input, nowMs: services.clock.nowMs() });
    const durationSeconds = input.DurationSeconds ?? 3600;
    requireDuration(durationSeconds, role, caller.arn);
    const credentials = services.sessions.issue({
      roleArn: input.RoleArn,
      ...(role === undefined ? {} : { roleId: role.roleId }),
      sessionName: input.RoleSessionName,
      durationMs: durationSeconds * 1000,
    });
    const session = services.sessions.find(credentials.accessKeyId, credentials.sessionToken);
    invariant(session, 'a session that was just issued is found');
    return {
      Credentials: {
        AccessKeyId: credentials.accessKeyId,
        SecretAccessKey: credentials.secretAccessKey,
        SessionToken: credentials.sessionToken,
        Expiration: new Date(credentials.expiresAtMs),
      },
      AssumedRoleUser: { AssumedRoleId: session.identity.userId, Arn: session.identity.arn },
    };
  },
};

function parseRoleArn(arn: string): Pick<Role, 'account' | 'path' | 'name'> {
  const parts = /^arn:aws[a-zA-Z-]*:iam::(\d{12}):role(\/(?:[!-~]+\/)?)([\w+=,.@-]{1,64})$/.exec(arn);
  const [, account, path, name] = parts ?? [];
  if (account === undefined || path === undefined || name === undefined) throw invalid(`${arn} is invalid`);
  return { account, path, name };
}

const longestChainedSeconds = 3600;

function requireDuration(seconds: number, role: Role | undefined, callerArn: string): void {
  if (callerArn.includes(':assumed-role/') && seconds > longestChainedSeconds) {
    throw invalid(
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    );
  }
  if (role === undefined || seconds <= role.maxSessionSeconds) return;
  throw invalid('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
}

function invalid(message: string): Error {
  return serviceError('ValidationError', 400, message);
}
