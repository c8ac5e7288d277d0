import type { Clock } from '../base/index.ts';
import type { InvocationTarget } from '../functions/index.ts';
import { limits } from '../model/index.ts';
import { decideAdmission, type ThrottleReason } from './admission.ts';
import type { Load } from './concurrency.ts';
import type { EnvironmentPool } from './environment-pool.ts';
import type { BucketRule } from './token-bucket.ts';

interface AdmissionOptions {
  readonly clock: Clock;
  readonly accountConcurrency: number;
  /** Whether the operator chose that number: only then does it bound requests per second (docs/decisions). */
  readonly boundsAccountRate: boolean;
}

/**
 * Applies the limits to one invocation after the other. Where no reserved or provisioned concurrency and no explicit account
 * limit is set it compares two counters, and does not even look at the clock.
 */
export class Admission {
  readonly #options: AdmissionOptions;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** What the invocation counts on while it runs; or why it is throttled. */
  admit(
    pool: EnvironmentPool,
    { reservedConcurrency: reserved, provisionedConcurrency: provisioned = 0 }: InvocationTarget,
    allottedTotal: number,
  ): readonly Load[] | ThrottleReason {
    const { loads } = pool;
    if (pool.ahead.free > 0 && this.#mayRequest(pool.ahead.load, pool.ahead.size)) return loads.provisioned;
    const { accountConcurrency, boundsAccountRate } = this.#options;
    const refusal = decideAdmission({
      functionInFlight: loads.ofFunction.inFlight,
      unreservedInFlight: loads.unreserved.inFlight,
      reserved,
      provisioned,
      allottedTotal,
      accountConcurrency,
    });
    if (refusal) return refusal;
    if (reserved !== undefined) {
      if (this.#mayRequest(loads.ofFunction, reserved)) return loads.reservedRun;
      return 'ReservedFunctionInvocationRateLimitExceeded';
    }
    if (boundsAccountRate && !this.#mayRequest(loads.unreserved, accountConcurrency)) {
      return 'FunctionInvocationRateLimitExceeded';
    }
    return loads.unreservedRun;
  }

  /** Whether the function may have one more environment now (developer guide, "Lambda scaling behavior"). */
  mayStart(pool: EnvironmentPool): boolean {
    return pool.loads.ofFunction.starts.take(startRule, this.#options.clock.monotonicMs());
  }

  /** Whether isolated tenants may have one more environment, of `live` that they have. */
  mayStartForTenant(live: number): boolean {
    return live < (this.#options.accountConcurrency * limits.tenantEnvironmentsPer1000) / 1_000;
  }

  /** Ten requests per second for each environment, up to a second's worth at once. */
  #mayRequest(load: Load, environments: number): boolean {
    const rate = environments * limits.requestsPerSecondPerEnvironment;
    return load.requests.take({ capacity: rate, perSecond: rate }, this.#options.clock.monotonicMs());
  }
}

const startRule: BucketRule = {
  capacity: limits.environmentStarts,
  perSecond: limits.environmentStartsPerSecond,
};
