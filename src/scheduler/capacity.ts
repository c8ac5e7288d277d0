export interface MachineUse {
  readonly liveEnvironments: number;
  /** What live environments use: their highest reading, or an estimate before there is one. */
  readonly usedBytes: number;
  /** What one more is expected to use. */
  readonly neededBytes: number;
  /** Whether some environment is idle, of whichever function. */
  readonly hasIdle: boolean;
  readonly waiting: number;
}

export interface MachineLimits {
  readonly environments: number;
  /** Of the machine's memory, for environments. */
  readonly memoryBytes: number;
  /** Invocations that may wait for room; the next one is throttled. */
  readonly waiting: number;
  /** How long an invocation waits for room before it is throttled. */
  readonly waitMs: number;
  /** How long an invocation waits for an environment that has answered to ask for more, before another is started. */
  readonly finishingGraceMs: number;
  /** How long invocations of a quick function wait without one of them getting its turn. */
  readonly turnPatienceMs: number;
  /** How long `close` waits for running invocations. */
  readonly drainMs: number;
}

export const machineLimits: MachineLimits = {
  environments: 1_000,
  memoryBytes: 8 * 1_024 ** 3,
  waiting: 1_000,
  waitMs: 10_000,
  finishingGraceMs: 100,
  turnPatienceMs: 10,
  drainMs: 30_000,
};

export type CapacityDecision = 'start' | 'evict' | 'wait' | 'refuse';

/**
 * What to do for an invocation that finds no idle environment of its own: start one, close an idle one of another function
 * for it, wait, or refuse. A machine that runs nothing starts anything, however large.
 */
export function decideCapacity(use: MachineUse, limits: MachineLimits): CapacityDecision {
  const hasRoom =
    use.liveEnvironments < limits.environments && use.usedBytes + use.neededBytes <= limits.memoryBytes;
  if (hasRoom || use.liveEnvironments === 0) return 'start';
  if (use.hasIdle) return 'evict';
  return use.waiting < limits.waiting ? 'wait' : 'refuse';
}

/** What environments of provisioned concurrency use of the machine. */
export interface AheadUse {
  readonly environments: number;
  readonly usedBytes: number;
  /** What one more is expected to use. */
  readonly neededBytes: number;
}

/** Of the machine's bounds: what is provisioned is never evicted, and whoever provisions must not shut everybody else out. */
const AHEAD_SHARE = 0.75;

/** Whether one more environment may be started ahead, as far as the share for it goes. The first always may. */
export function mayStartAhead(
  { environments, usedBytes, neededBytes }: AheadUse,
  limits: MachineLimits,
): boolean {
  if (environments === 0) return true;
  const fits = usedBytes + neededBytes <= limits.memoryBytes * AHEAD_SHARE;
  return fits && environments + 1 <= limits.environments * AHEAD_SHARE;
}

/** What is kept ready for whoever comes leaves this share of the memory free, or it would be given up again at once. */
const SPARE_SHARE = 0.1;

export function hasRoomToSpare(
  use: MachineUse,
  { bytes, limits }: { readonly bytes: number; readonly limits: MachineLimits },
): boolean {
  return use.waiting === 0 && use.usedBytes + bytes <= limits.memoryBytes * (1 - SPARE_SHARE);
}
