import type { CancelTimer, Clock, Log } from '../base/index.ts';
import type { ProvisionedConcurrency } from '../functions/index.ts';
import type { Provisioner } from '../provisioning/index.ts';
import { bringWithin } from './capacity.ts';
import { type ScalableTarget, ScalingStore, type ScheduledAction } from './scaling-store.ts';
import { nextRunMs } from './schedule.ts';

interface ScalingParts {
  readonly store: ScalingStore;
  readonly configs: ProvisionedConcurrency;
  readonly provisioner: Pick<Provisioner, 'put' | 'delete'>;
  /** Service time. */
  readonly clock: Clock;
  readonly log: Log;
}

/** Read and run before the timer is set again. */
const RUN_AT_ONCE = 100;

/**
 * Runs scheduled actions when they are due: one timer, for the earliest. An action that came due while the server was down
 * runs once at its next start; one that a crash interrupted runs again, which changes nothing.
 */
export class ScheduledScaling {
  readonly #parts: ScalingParts;
  #cancelTimer: CancelTimer | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #closed = false;

  constructor(parts: ScalingParts) {
    this.#parts = parts;
  }

  /** Looks what is due, now and after every change of an action. Resolves when that was run. */
  async tick(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer?.();
    await this.#running;
  }

  async #work(): Promise<void> {
    try {
      while (this.#again && !this.#closed) {
        this.#again = false;
        await this.#runDue();
      }
      await this.#setTimer();
    } catch (error) {
      this.#parts.log.error({ err: error }, 'scheduled scaling failed');
    }
  }

  async #runDue(): Promise<void> {
    const { store, clock } = this.#parts;
    const due = await store.due(clock.nowMs(), RUN_AT_ONCE);
    for (const action of due) if (!this.#closed) await this.#run(action);
    if (due.length === RUN_AT_ONCE) this.#again = true;
  }

  async #run(action: ScheduledAction): Promise<void> {
    const { store, clock, log } = this.#parts;
    const target = await store.target(action);
    const bounds = target && !target.suspended.scheduled ? boundsAfter(action, target) : undefined;
    try {
      if (bounds) await bringWithin(this.#parts, action, bounds);
    } catch (error) {
      // As on AWS, an activity that failed: the function is gone, or its limits do not allow it.
      log.warn({ err: error, resource: action.resourceId, action: action.name }, 'a scheduled action failed');
    }
    await store.advance(action, {
      target: bounds,
      nextRunMs: nextRunMs(action, clock.nowMs(), action.createdMs),
    });
  }

  async #setTimer(): Promise<void> {
    const { store, clock } = this.#parts;
    const next = await store.nextRunMs();
    this.#cancelTimer?.();
    if (next === undefined || this.#closed) return;
    this.#cancelTimer = clock.setTimer(Math.max(0, next - clock.nowMs()), () => void this.tick());
  }
}

/** What the action does not name stays; a minimum above the maximum lifts that. */
function boundsAfter(action: ScheduledAction, target: ScalableTarget): ScalableTarget {
  const minCapacity = action.minCapacity ?? Math.min(target.minCapacity, action.maxCapacity ?? Infinity);
  const maxCapacity = Math.max(minCapacity, action.maxCapacity ?? target.maxCapacity);
  return { ...target, minCapacity, maxCapacity };
}
