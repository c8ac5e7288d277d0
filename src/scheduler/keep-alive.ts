/** The service decides between these how long an idle environment lives. Milliseconds. */
export interface KeepAliveBounds {
  readonly leastMs: number;
  /** Until something was learned. */
  readonly usualMs: number;
  readonly mostMs: number;
}

export const keepAliveBounds: KeepAliveBounds = { leastMs: 60_000, usualMs: 600_000, mostMs: 3_600_000 };

/** A shorter pause ends before anything would, and is not worth counting. */
export const PAUSE_MS = 1_000;
/** Pauses of 1–2 s, 2–4 s, … and from 4,096 s on. */
const BINS = 13;
/** Fewer say nothing. */
const FEWEST = 4;
/** Beyond this many the older ones count half, so that a function that changes its ways is understood in time. */
const MOST = 64;
/** A quarter more than the pause, since the next may be a little longer. */
const MARGIN = 1.25;
const QUANTILE = 0.9;

/** How often a function paused for how long, from one invocation's end to the next one's arrival. */
export type Pauses = readonly number[];

export const noPauses: Pauses = Array.from({ length: BINS }, () => 0);

export function withPause(pauses: Pauses, pauseMs: number): Pauses {
  const bin = Math.min(BINS - 1, Math.max(0, Math.floor(Math.log2(pauseMs / PAUSE_MS))));
  const total = pauses.reduce((sum, count) => sum + count, 0);
  const kept = total < MOST ? pauses : pauses.map((count) => Math.floor(count / 2));
  return kept.map((count, index) => (index === bin ? count + 1 : count));
}

/**
 * How long to keep an idle environment: long enough for nine in ten of the pauses seen, within the bounds. Where most pauses
 * are longer than any environment is kept, waiting in vain is all that keeping would do, and the least is enough. (After
 * "Serverless in the Wild", USENIX ATC 2020: a histogram of idle times decides.)
 */
export function decideKeepAlive(pauses: Pauses, bounds: KeepAliveBounds): number {
  const total = pauses.reduce((sum, count) => sum + count, 0);
  if (total < FEWEST) return bounds.usualMs;
  if (quantileMs(pauses, total / 2) > bounds.mostMs) return bounds.leastMs;
  const wantedMs = quantileMs(pauses, total * QUANTILE) * MARGIN;
  return Math.min(bounds.mostMs, Math.max(bounds.leastMs, wantedMs));
}

/** The upper edge of the bin in which the pause with this rank lies. */
function quantileMs(pauses: Pauses, rank: number): number {
  let seen = 0;
  for (const [bin, count] of pauses.entries()) {
    seen += count;
    if (seen >= rank) return bin === BINS - 1 ? Number.POSITIVE_INFINITY : PAUSE_MS * 2 ** (bin + 1);
  }
  return Number.POSITIVE_INFINITY;
}

/** What is known of the arrivals of one deployment and tenant; outlives its environments. */
export class ArrivalHistory {
  readonly #bounds: KeepAliveBounds;
  #pauses: Pauses = noPauses;
  #keepAliveMs: number;
  /** When the last invocation ended, on the monotonic clock. */
  lastEndedMs: number | undefined;

  constructor(bounds: KeepAliveBounds) {
    this.#bounds = bounds;
    this.#keepAliveMs = bounds.usualMs;
  }

  get keepAliveMs(): number {
    return this.#keepAliveMs;
  }

  paused(pauseMs: number): void {
    if (pauseMs < PAUSE_MS) return;
    this.#pauses = withPause(this.#pauses, pauseMs);
    this.#keepAliveMs = decideKeepAlive(this.#pauses, this.#bounds);
  }
}

/** Some hundred bytes each. */
const MOST_REMEMBERED = 10_000;

export class ArrivalHistories {
  readonly #bounds: KeepAliveBounds;
  readonly #known = new Map<string, ArrivalHistory>();

  constructor(bounds: KeepAliveBounds) {
    this.#bounds = bounds;
  }

  of(key: string): ArrivalHistory {
    const known = this.#known.get(key) ?? new ArrivalHistory(this.#bounds);
    this.#known.delete(key);
    this.#known.set(key, known);
    if (this.#known.size > MOST_REMEMBERED) {
      const [oldest] = this.#known.keys();
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    return known;
  }
}
