import type { PolicyContext } from './policy-conditions.ts';
import type { RequestPrincipal } from './policy.ts';

/** What is known of a request beside principal, action and resource. */
export interface RequestFacts {
  readonly principal: RequestPrincipal;
  readonly nowMs: number;
  /** The resource on whose behalf a service calls, and its account. */
  readonly sourceArn?: string;
  readonly sourceAccount?: string;
  readonly principalOrgId?: string;
  readonly sourceIp?: string;
  readonly secureTransport?: boolean;
  readonly functionUrlAuthType?: 'NONE' | 'AWS_IAM';
  readonly invokedViaFunctionUrl?: boolean;
  readonly eventSourceToken?: string;
}

/** The condition keys of a request: AWS's global ones and Lambda's (service authorization reference, "AWS Lambda"). */
export function policyContext(facts: RequestFacts): PolicyContext {
  const { principal, nowMs } = facts;
  const values: Readonly<Record<string, string | boolean | undefined>> = {
    'aws:currenttime': new Date(nowMs).toISOString(),
    'aws:epochtime': String(Math.floor(nowMs / 1000)),
    'aws:principalarn': principal.kind === 'aws' ? principal.arn : undefined,
    'aws:principalaccount': principal.kind === 'aws' ? principal.account : undefined,
    'aws:principaltype': principalType(principal),
    'aws:principalisawsservice': principal.kind === 'service',
    'aws:principalservicename': principal.kind === 'service' ? principal.service : undefined,
    'aws:principalorgid': facts.principalOrgId,
    'aws:sourcearn': facts.sourceArn,
    'aws:sourceaccount': facts.sourceAccount,
    'aws:sourceip': facts.sourceIp,
    'aws:securetransport': facts.secureTransport,
    'lambda:functionurlauthtype': facts.functionUrlAuthType,
    'lambda:invokedviafunctionurl': facts.invokedViaFunctionUrl,
    'lambda:eventsourcetoken': facts.eventSourceToken,
  };
  const known = Object.entries(values).filter(([, value]) => value !== undefined);
  return new Map(known.map(([key, value]) => [key, [String(value)]]));
}

function principalType(principal: RequestPrincipal): string {
  if (principal.kind === 'anonymous') return 'Anonymous';
  if (principal.kind === 'service') return 'Service';
  if (principal.arn.includes(':assumed-role/')) return 'AssumedRole';
  return principal.arn.endsWith(':root') ? 'Account' : 'User';
}
