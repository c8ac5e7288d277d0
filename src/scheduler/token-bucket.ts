/** How many tokens there are, and as of when. */
export interface BucketState {
  readonly tokens: number;
  readonly atMs: number;
}

export interface BucketRule {
  /** Most tokens that are ever there; nothing accrues beyond. */
  readonly capacity: number;
  readonly perSecond: number;
}

/** The state after one token was taken, or undefined where there is none. A new bucket is full. */
export function takeToken(
  state: BucketState | undefined,
  rule: BucketRule,
  nowMs: number,
): BucketState | undefined {
  const tokens = state ? refilled(state, rule, nowMs) : rule.capacity;
  return tokens < 1 ? undefined : { tokens: tokens - 1, atMs: nowMs };
}

function refilled({ tokens, atMs }: BucketState, { capacity, perSecond }: BucketRule, nowMs: number): number {
  const gained = (Math.max(0, nowMs - atMs) * perSecond) / 1_000;
  return Math.min(capacity, tokens + gained);
}

/** A bucket whose rule may change between one token and the next, as a limit that somebody sets does. */
export class TokenBucket {
  #state: BucketState | undefined;

  /** Whether there was a token. */
  take(rule: BucketRule, nowMs: number): boolean {
    const next = takeToken(this.#state, rule, nowMs);
    if (!next) return false;
    this.#state = next;
    return true;
  }
}
