import { type AwsError, awsError } from '../model/index.ts';

/** Why an invocation is throttled, in the words of `TooManyRequestsException` (invoke.md, 3). */
export type ThrottleReason =
  | 'ConcurrentInvocationLimitExceeded'
  | 'ReservedFunctionConcurrentInvocationLimitExceeded';

export interface ConcurrencyUse {
  /** Invocations of this function, all its versions, that run now. */
  readonly functionInFlight: number;
  /** Invocations, of all functions of the account and region without reserved concurrency, that run now. */
  readonly unreservedInFlight: number;
  /** This function's share; absent means the unreserved pool. */
  readonly reserved?: number | undefined;
  /** Σ reserved concurrency of the account and region. */
  readonly reservedTotal: number;
  readonly accountConcurrency: number;
}

/** Whether one more invocation may run: undefined, or why not. */
export function decideAdmission(use: ConcurrencyUse): ThrottleReason | undefined {
  if (use.reserved !== undefined) {
    return use.functionInFlight < use.reserved
      ? undefined
      : 'ReservedFunctionConcurrentInvocationLimitExceeded';
  }
  const pool = use.accountConcurrency - use.reservedTotal;
  return use.unreservedInFlight < pool ? undefined : 'ConcurrentInvocationLimitExceeded';
}

export function throttled(reason: ThrottleReason): AwsError {
  return awsError('TooManyRequestsException', 'Rate Exceeded.', { members: { Reason: reason } });
}
