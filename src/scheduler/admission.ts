import { type AwsError, awsError } from '../model/index.ts';

/** Why an invocation is throttled, in the words of `TooManyRequestsException` (invoke.md, 3). */
export type ThrottleReason =
  | 'ConcurrentInvocationLimitExceeded'
  | 'FunctionInvocationRateLimitExceeded'
  | 'ReservedFunctionConcurrentInvocationLimitExceeded'
  | 'ReservedFunctionInvocationRateLimitExceeded';

export interface ConcurrencyUse {
  /** Invocations of this function, all its versions, that run now outside of provisioned environments. */
  readonly functionInFlight: number;
  /** The same of all functions of the account and region without reserved concurrency. */
  readonly unreservedInFlight: number;
  /** This function's share; absent means the unreserved pool. */
  readonly reserved?: number | undefined;
  /** What of `reserved` is set aside for provisioned environments. */
  readonly provisioned: number;
  /** Σ of the account and region: reserved concurrency, and provisioned of functions without it. */
  readonly allottedTotal: number;
  readonly accountConcurrency: number;
}

/** Whether one more invocation may run outside of provisioned environments: undefined, or why not. */
export function decideAdmission(use: ConcurrencyUse): ThrottleReason | undefined {
  if (use.reserved !== undefined) {
    return use.functionInFlight < use.reserved - use.provisioned
      ? undefined
      : 'ReservedFunctionConcurrentInvocationLimitExceeded';
  }
  const pool = use.accountConcurrency - use.allottedTotal;
  return use.unreservedInFlight < pool ? undefined : 'ConcurrentInvocationLimitExceeded';
}

export function throttled(reason: ThrottleReason): AwsError {
  return awsError('TooManyRequestsException', 'Rate Exceeded.', { members: { Reason: reason } });
}
