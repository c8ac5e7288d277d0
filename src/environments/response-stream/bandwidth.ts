/** What a streamed response may take: so much at once, and from then on so much in a second. */
export interface Bandwidth {
  readonly burstBytes: number;
  readonly bytesPerSecond: number;
}

/**
 * A bucket of bytes that is full at first and refills at a fixed rate (runtime.md, 1.2). What has arrived is always taken;
 * the debt is paid by waiting.
 */
export class BandwidthBucket {
  readonly #bandwidth: Bandwidth;
  #bytes: number;
  #atMs: number;

  constructor(bandwidth: Bandwidth, nowMs: number) {
    this.#bandwidth = bandwidth;
    this.#bytes = bandwidth.burstBytes;
    this.#atMs = nowMs;
  }

  /** Takes the bytes; gives how many milliseconds must pass before any more are taken. */
  take(bytes: number, nowMs: number): number {
    const { burstBytes, bytesPerSecond } = this.#bandwidth;
    const refilled = ((nowMs - this.#atMs) * bytesPerSecond) / 1_000;
    this.#bytes = Math.min(burstBytes, this.#bytes + refilled) - bytes;
    this.#atMs = nowMs;
    return this.#bytes >= 0 ? 0 : (-this.#bytes * 1_000) / bytesPerSecond;
  }
}
