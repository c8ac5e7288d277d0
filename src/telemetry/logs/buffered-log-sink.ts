import { type Clock, type Deferred, deferred, type Log } from '../../base/index.ts';
import type { LogSink, LogStreamName, LogStreamWriter } from '../log-writer.ts';
import { type Chunk, packChunks } from './chunk.ts';
import type { LogChunkStore } from './log-chunk-store.ts';
import type { LogGroupStore } from './log-group-store.ts';
import { StreamBuffer, type Verdict } from './stream-buffer.ts';

/**
 * Half of the 200 ms that a killed server may lose: the commit has the other half. Ten rows a second for each busy
 * stream cost little.
 */
const flushAfterMs = 100;

/** Rests after a failed flush: a full disk does not mend itself within milliseconds. */
const retryAfterMs = 1_000;

/**
 * Memory for events that are not stored yet, in UTF-16 code units of all streams. At `flush` they are stored without
 * waiting for the time; from `pause` until `resume`, `append` asks its callers to stop reading, but for streams that hold
 * less than a `share`, since one that floods must not hold up the rest; beyond `drop`, which only callers that do not stop
 * can reach, events are counted and lost. While the store fails (a full disk), nobody is asked to
 * stop, since functions matter more than their logs: events beyond `pause` are lost instead.
 */
export const bufferLimits = {
  flush: 2 * 2 ** 20,
  resume: 8 * 2 ** 20,
  pause: 16 * 2 ** 20,
  share: 2 ** 15,
  drop: 64 * 2 ** 20,
} as const;

export interface SinkParts {
  readonly groups: LogGroupStore;
  readonly chunks: LogChunkStore;
  readonly clock: Clock;
  readonly log: Log;
}

/** What waits for the store: chunks of one stream, and their weight in the account. */
interface Parcel {
  readonly buffer: StreamBuffer;
  readonly chunks: readonly Chunk[];
  readonly units: number;
}

/**
 * Function output on its way to the store: kept in memory per stream, stored for all streams in one commit 100 ms
 * after the first event. One flush at a time; what comes meanwhile makes up the next.
 */
export class BufferedLogSink implements LogSink {
  readonly #parts: SinkParts;
  #dirty: StreamBuffer[] = [];
  #refused: readonly Parcel[] = [];
  #units = 0;
  #cancelTimer: (() => void) | undefined;
  #flushing: Promise<void> | undefined;
  #paused: Deferred<void> | undefined;

  constructor(parts: SinkParts) {
    this.#parts = parts;
  }

  openStream(name: LogStreamName): LogStreamWriter {
    return new StreamBuffer(name, (buffer, units) => this.#admit(buffer, units));
  }

  drained(): Promise<void> {
    return this.#paused?.promise ?? Promise.resolve();
  }

  /** Resolves once everything appended before is stored, or the store refused it for now. */
  async flush(): Promise<void> {
    await this.#flushing;
    await this.#startFlush();
  }

  /** As `flush`; leaves no timer. */
  async close(): Promise<void> {
    await this.flush();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #admit(buffer: StreamBuffer, units: number): Verdict {
    if (this.#units > this.#dropLimit()) return 'drop';
    if (buffer.isEmpty) this.#addDirty(buffer);
    this.#units += units;
    if (this.#units > bufferLimits.flush) this.#flushEarly();
    const behind = this.#units > bufferLimits.pause || this.#paused !== undefined;
    return behind && buffer.units + units > bufferLimits.share ? this.#pause() : 'go-on';
  }

  #dropLimit(): number {
    return this.#refused.length > 0 ? bufferLimits.pause : bufferLimits.drop;
  }

  #addDirty(buffer: StreamBuffer): void {
    this.#dirty.push(buffer);
    buffer.startedAt(this.#parts.clock.nowMs());
    if (!this.#flushing) this.#armTimer(flushAfterMs);
  }

  #flushEarly(): void {
    if (!this.#flushing && this.#refused.length === 0) void this.#startFlush();
  }

  #pause(): Verdict {
    if (this.#refused.length > 0) return 'go-on';
    this.#paused ??= deferred();
    return 'pause';
  }

  #armTimer(delayMs: number): void {
    this.#cancelTimer ??= this.#parts.clock.setTimer(delayMs, () => {
      this.#cancelTimer = undefined;
      void this.flush();
    });
  }

  #startFlush(): Promise<void> {
    this.#flushing ??= this.#storeAll().finally(() => {
      this.#flushing = undefined;
      this.#afterFlush();
    });
    return this.#flushing;
  }

  /** Never rejects. */
  async #storeAll(): Promise<void> {
    // The append that caused an early flush is still on its way into its buffer.
    await Promise.resolve();
    const parcels = [...this.#refused, ...this.#takeDirty()];
    // Streams first, since they may be recorded in any order: chunks are then numbered in the order of the parcels.
    await Promise.allSettled(parcels.map(({ buffer }) => this.#record(buffer)));
    const outcomes = await Promise.allSettled(parcels.map((parcel) => this.#storeParcel(parcel)));
    const failures = outcomes.filter((outcome) => outcome.status === 'rejected');
    if (failures[0] && this.#refused.length === 0) {
      this.#parts.log.error({ error: failures[0].reason }, 'function logs cannot be stored; trying again');
    }
    this.#refused = parcels.filter((_, at) => outcomes[at]?.status === 'rejected');
  }

  #takeDirty(): readonly Parcel[] {
    const nowMs = this.#parts.clock.nowMs();
    const dirty = this.#dirty;
    this.#dirty = [];
    return dirty.map((buffer) => {
      const { timestampsMs, messages, units } = buffer.take(nowMs);
      return { buffer, units, chunks: packChunks(timestampsMs, messages) };
    });
  }

  async #storeParcel({ buffer, chunks, units }: Parcel): Promise<void> {
    if (!(await this.#append(buffer, chunks))) await this.#appendAnew(buffer, chunks);
    this.#units -= units;
  }

  /** The first events after somebody deleted the stream. */
  async #appendAnew(buffer: StreamBuffer, chunks: readonly Chunk[]): Promise<void> {
    buffer.ids = undefined;
    await this.#record(buffer);
    if (!(await this.#append(buffer, chunks)))
      throw new Error(`log stream ${buffer.name.stream} was deleted while being written`);
  }

  /** Makes the stream where this is the first that is heard of it. */
  async #record(buffer: StreamBuffer): Promise<void> {
    const { groups, clock } = this.#parts;
    const { group, stream } = buffer.name;
    buffer.ids ??= await groups.ensureStream(buffer.name, group, stream, clock.nowMs());
  }

  async #append({ ids }: StreamBuffer, chunks: readonly Chunk[]): Promise<boolean> {
    return ids !== undefined && this.#parts.chunks.append(ids, chunks, this.#parts.clock.nowMs());
  }

  #afterFlush(): void {
    const failed = this.#refused.length > 0;
    if (failed || this.#units < bufferLimits.resume) this.#resume();
    if (failed) this.#armTimer(retryAfterMs);
    else if (this.#units > bufferLimits.flush) this.#flushEarly();
    else if (this.#dirty.length > 0) this.#armTimer(flushAfterMs);
  }

  #resume(): void {
    this.#paused?.resolve();
    this.#paused = undefined;
  }
}
