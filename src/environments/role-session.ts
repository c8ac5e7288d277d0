import type { FunctionVersion } from '../model/index.ts';

interface RoleSession {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly durationMs: number;
}

/** Longer than an environment lives (`lifetimeMs`, a last invocation, `keepAliveMs`): its credentials are never renewed. */
const DURATION_MS = 12 * 3_600_000;

/**
 * As on AWS, the session is named after the function; a name of one letter is too short for STS. It is always one of the
 * function's own account: a role ARN of another, which `--auth permissive` lets through, must not open that account.
 */
export function roleSessionOf({ account, name, roleArn }: FunctionVersion): RoleSession {
  return {
    roleArn: roleArn.replace(/::\d{12}:/, `::${account}:`),
    sessionName: name.length === 1 ? `${name}@lambda_function` : name,
    durationMs: DURATION_MS,
  };
}
