export interface PoolLimits {
  /** Of one runtime with one set of interpreter options; 0: no pool at all. */
  readonly perShape: number;
  readonly total: number;
}

/** What is known of one kind of generic environment. Times are monotonic milliseconds. */
export interface ShapeDemand {
  /** The latest cold starts that it could have served, whether it did or not; oldest first. */
  readonly startsMs: readonly number[];
  /** Ready or about to be. */
  readonly kept: number;
  /** After a failure, not before. */
  readonly notBeforeMs?: number;
}

/** Cold starts come in groups: whoever deploys tries again within a minute. */
const DEMAND_WINDOW_MS = 60_000;
/** As long as an idle environment lives by default: a function used within this time would rather be warm. */
const FORGET_AFTER_MS = 600_000;

/** How many to keep: one for what is in use at all, more where several started within a minute. */
export function wantedOf({ startsMs }: ShapeDemand, nowMs: number, perShape: number): number {
  const last = startsMs.at(-1);
  if (last === undefined || nowMs - last >= FORGET_AFTER_MS) return 0;
  const recent = startsMs.filter((startMs) => nowMs - startMs < DEMAND_WINDOW_MS).length;
  return Math.min(perShape, Math.max(1, recent));
}

export type PoolStep<Shape> = { readonly launch: Shape } | { readonly discard: Shape } | undefined;

/**
 * The next thing to do, one at a time: throw away what is too many, else launch the kind that lacks most. Where all places
 * are taken, the kind that was in demand last gets the place of the one that was so first.
 */
export function decidePoolStep<Shape extends ShapeDemand>(
  shapes: readonly Shape[],
  nowMs: number,
  limits: PoolLimits,
): PoolStep<Shape> {
  const lack = (shape: Shape): number => wantedOf(shape, nowMs, limits.perShape) - shape.kept;
  const surplus = shapes.find((shape) => lack(shape) < 0);
  if (surplus) return { discard: surplus };
  const may = shapes.filter((shape) => lack(shape) > 0 && (shape.notBeforeMs ?? 0) <= nowMs);
  const neediest = may.toSorted((a, b) => lack(b) - lack(a) || lastStart(b) - lastStart(a))[0];
  if (!neediest) return undefined;
  const kept = shapes.reduce((sum, shape) => sum + shape.kept, 0);
  if (kept < limits.total) return { launch: neediest };
  const stalest = leastMissed(shapes);
  return stalest && lastStart(stalest) < lastStart(neediest) ? { discard: stalest } : undefined;
}

/** Of those that have one, the kind that was asked for longest ago. */
export function leastMissed<Shape extends ShapeDemand>(shapes: readonly Shape[]): Shape | undefined {
  return shapes.filter(({ kept }) => kept > 0).toSorted((a, b) => lastStart(a) - lastStart(b))[0];
}

function lastStart({ startsMs }: ShapeDemand): number {
  return startsMs.at(-1) ?? Number.NEGATIVE_INFINITY;
}
