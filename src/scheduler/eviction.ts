/** An idle environment that could make room for another. */
export interface EvictionCandidate {
  readonly idleMs: number;
  /** How long such an environment is kept where there is room: what its function's arrivals taught. */
  readonly keepAliveMs: number;
  /** What bringing it back would cost; 0 where it must initialise again anyway. */
  readonly initMs: number;
  readonly bytes: number;
}

/** An Init that was not measured, or that was very quick: nothing comes back in less. */
const LEAST_INIT_MS = 50;

/**
 * How much would be lost: the chance that it is needed again, times the Init that would then have to be waited for, for each
 * byte that it holds (as caches of web pages do: Greedy-Dual-Size). The chance falls evenly from 1, when it has just
 * worked, to 0, when it would be let go anyway.
 */
export function usefulness({ idleMs, keepAliveMs, initMs, bytes }: EvictionCandidate): number {
  const chance = Math.max(0, 1 - idleMs / keepAliveMs);
  return (chance * (initMs === 0 ? 1 : Math.max(LEAST_INIT_MS, initMs))) / Math.max(1, bytes);
}

/** The one that would be missed least; between equals, the one that has been idle for longest. */
export function leastUseful<Candidate extends EvictionCandidate>(
  candidates: Iterable<Candidate>,
): Candidate | undefined {
  let least: Candidate | undefined;
  let leastUse = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const use = usefulness(candidate);
    if (use < leastUse || (use === leastUse && candidate.idleMs > (least?.idleMs ?? -1))) {
      [least, leastUse] = [candidate, use];
    }
  }
  return least;
}
