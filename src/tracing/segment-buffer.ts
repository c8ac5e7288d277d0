import type { Clock, Log } from '../base/index.ts';
import type { Scope } from '../model/index.ts';
import { MOST_DOCUMENT_BYTES, parseDatagram, parseSegment } from './segment-document.ts';
import type { ReceivedSegment, SegmentsStore } from './segments-store.ts';

/** As function logs are: what a killed server may lose, half of it. */
const FLUSH_AFTER_MS = 100;
/** Of all that waits; beyond it segments are lost, since functions matter more than their traces. */
const MOST_WAITING_BYTES = 16 * 2 ** 20;
/** Of one account's functions: one that floods must not take the room of the others. */
const MOST_WAITING_EACH = 2 * 2 ** 20;
/** Parsed and stored in one turn: half a megabyte takes some 5 ms. */
const BATCH_BYTES = 2 ** 19;
const PRUNE_AFTER_BYTES = 16 * 2 ** 20;
const PRUNE_AFTER_DOCUMENTS = 2_000;

interface Waiting {
  readonly scope: Scope;
  readonly source: 'lambda' | 'daemon';
  readonly bytes: Buffer;
}

/** Segments on their way to the store: kept as they came, parsed and stored together, 100 ms after the first. */
export class SegmentBuffer {
  readonly #store: SegmentsStore;
  readonly #clock: Clock;
  readonly #log: Log;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  readonly #waitingOf = new Map<string, number>();
  #cancelTimer: (() => void) | undefined;
  #flushing: Promise<void> | undefined;
  #lost = 0;
  #grown = { bytes: 0, documents: 0 };

  constructor(store: SegmentsStore, parts: { readonly clock: Clock; readonly log: Log }) {
    this.#store = store;
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  /** A datagram of the daemon's port, or a segment of Lambda's own; both may be lost. */
  add(scope: Scope, source: Waiting['source'], bytes: Buffer): void {
    const held = this.#waitingOf.get(scope.account) ?? 0;
    const tooLong = bytes.length > MOST_DOCUMENT_BYTES + 256;
    if (tooLong || this.#waitingBytes > MOST_WAITING_BYTES || held > MOST_WAITING_EACH) {
      this.#lost++;
      return;
    }
    this.#waitingOf.set(scope.account, held + bytes.length);
    this.#waitingBytes += bytes.length;
    this.#waiting.push({ scope, source, bytes });
    this.#cancelTimer ??= this.#clock.setTimer(FLUSH_AFTER_MS, () => void this.flush());
  }

  /** Resolves once everything added before is stored, or lost. Never rejects. */
  async flush(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    await this.#flushing;
    this.#flushing ??= this.#storeAll().finally(() => (this.#flushing = undefined));
    await this.#flushing;
  }

  async #storeAll(): Promise<void> {
    try {
      for (let batch = this.#take(); batch.length > 0; batch = this.#take()) {
        await this.#store.add(batch.flatMap(received), this.#clock.nowMs());
        await this.#pruneWhereGrown(batch);
      }
      if (this.#lost > 0) this.#log.warn({ lost: this.#lost }, 'trace segments were lost: too many at once');
      this.#lost = 0;
    } catch (error) {
      this.#log.error({ error }, 'trace segments cannot be stored');
    }
  }

  #take(): readonly Waiting[] {
    let [count, bytes] = [0, 0];
    for (const { bytes: next } of this.#waiting) {
      if (count > 0 && bytes + next.length > BATCH_BYTES) break;
      bytes += next.length;
      count++;
    }
    const batch = this.#waiting.splice(0, count);
    this.#waitingBytes -= bytes;
    for (const { scope, bytes: one } of batch) this.#release(scope.account, one.length);
    return batch;
  }

  #release(account: string, bytes: number): void {
    const left = (this.#waitingOf.get(account) ?? 0) - bytes;
    if (left > 0) this.#waitingOf.set(account, left);
    else this.#waitingOf.delete(account);
  }

  async #pruneWhereGrown(batch: readonly Waiting[]): Promise<void> {
    this.#grown.documents += batch.length;
    this.#grown.bytes += batch.reduce((sum, { bytes }) => sum + bytes.length, 0);
    if (this.#grown.documents < PRUNE_AFTER_DOCUMENTS && this.#grown.bytes < PRUNE_AFTER_BYTES) return;
    this.#grown = { bytes: 0, documents: 0 };
    await this.#store.prune(this.#clock.nowMs());
  }
}

function received({ scope, source, bytes }: Waiting): readonly ReceivedSegment[] {
  const segment = source === 'daemon' ? parseDatagram(bytes) : parseSegment(bytes.toString('utf8'));
  return segment ? [{ ...segment, scope, source }] : [];
}
