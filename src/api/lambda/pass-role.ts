import { awsError } from '../../model/index.ts';
import type { CallContext } from '../operation.ts';

/**
 * A function runs with the credentials of its role, so a role of another account would hand that account over. Where
 * nobody's credentials are verified, anybody may speak for any account as it is, and role ARNs are copied from anywhere:
 * there the function's own account counts, whatever the ARN says.
 */
export function requireOwnRole(
  { verified }: CallContext,
  account: string,
  roleArn: string | undefined,
): void {
  if (!verified || roleArn === undefined || roleArn.split(':')[4] === account) return;
  throw awsError('AccessDeniedException', 'Cross-account pass role is not allowed.');
}
