import { type Clock, deferred, type Log } from '../../base/index.ts';
import type { LogChunkStore } from './log-chunk-store.ts';
import type { LogGroupStore } from './log-group-store.ts';

const pruneEveryMs = 10 * 60_000;
const dayMs = 24 * 60 * 60_000;

/** Chunks deleted in one transaction: log writers wait for no more than these. */
const chunksPerStep = 200;

/** Once over the limit, down to this part of it, so that the next flush does not prune again. */
const lowWater = 0.95;

/** A function that logs without end writes 60 GB in ten minutes: growth by this part of the limit starts a round as well. */
const growthPart = 1 / 40;

export interface PrunerParts {
  readonly groups: LogGroupStore;
  readonly chunks: LogChunkStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Bytes of messages kept in all; the oldest go first. */
  readonly maxStoredBytes: number;
}

/**
 * Deletes what nobody will read: events older than their group's retention, chunks of deleted streams, and the oldest of
 * all beyond the limit for all. Every ten minutes, after each deletion, and when much was written; in small steps, between which writers get their turn.
 */
export class LogPruner {
  readonly #parts: PrunerParts;
  #cancelTimer: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #closed = false;
  #grownBytes = 0;

  constructor(parts: PrunerParts) {
    this.#parts = parts;
    parts.chunks.onAppended((bytes) => this.#grown(bytes));
    this.#armTimer();
  }

  /** Starts a round, or another one after the one that is running; resolves when it is done. Never rejects. */
  prune(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#rounds();
    return this.#running;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer?.();
    await this.#running;
  }

  #grown(bytes: number): void {
    this.#grownBytes += bytes;
    if (this.#closed || this.#grownBytes < this.#parts.maxStoredBytes * growthPart) return;
    this.#grownBytes = 0;
    void this.prune();
  }

  async #rounds(): Promise<void> {
    await Promise.resolve();
    while (this.#again && !this.#closed) {
      this.#again = false;
      await this.#tryRound();
    }
    this.#running = undefined;
  }

  async #tryRound(): Promise<void> {
    try {
      await this.#round();
    } catch (error) {
      this.#parts.log.error({ error }, 'old function logs cannot be deleted');
    }
  }

  async #round(): Promise<void> {
    const { chunks, groups, clock } = this.#parts;
    await this.#repeat(() => chunks.collectGarbage(chunksPerStep));
    for (const { groupId, retentionDays } of await groups.listRetentions()) {
      const beforeMs = clock.nowMs() - retentionDays * dayMs;
      await this.#repeat(
        async () => (await chunks.deleteOld(groupId, beforeMs, chunksPerStep)) === chunksPerStep,
      );
    }
    await this.#limitTotal();
  }

  async #limitTotal(): Promise<void> {
    const { chunks, maxStoredBytes } = this.#parts;
    if ((await chunks.storedBytes()) <= maxStoredBytes) return;
    await this.#repeat(async () => {
      const found = await chunks.deleteOldest(chunksPerStep);
      return found > 0 && (await chunks.storedBytes()) > lowWater * maxStoredBytes;
    });
  }

  /** Until `step` has no more to do; in between the event loop and the writers get their turn. */
  async #repeat(step: () => Promise<boolean>): Promise<void> {
    while (!this.#closed && (await step())) await this.#breathe();
  }

  #breathe(): Promise<void> {
    const pause = deferred();
    setImmediate(() => pause.resolve());
    return pause.promise;
  }

  #armTimer(): void {
    this.#cancelTimer = this.#parts.clock.setTimer(pruneEveryMs, () => {
      void this.prune();
      this.#armTimer();
    });
  }
}
