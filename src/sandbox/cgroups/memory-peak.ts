/**
 * The most memory that the processes needed, in bytes. The kernel's own peak counts the page cache as well: whichever
 * sandbox first reads an interpreter's 100 MB is charged for them, the next is not. So the cache is taken off, and
 * looked up only when the kernel's peak moved, since that file is dear to read (20 µs against 2).
 */
export class MemoryPeak {
  readonly #kernelPeak: () => number;
  readonly #pageCache: () => number;
  #lastKernelPeak = 0;
  #bytes = 0;

  constructor(kernelPeak: () => number, pageCache: () => number) {
    this.#kernelPeak = kernelPeak;
    this.#pageCache = pageCache;
  }

  bytes(): number {
    const kernelPeak = this.#kernelPeak();
    if (kernelPeak !== this.#lastKernelPeak) {
      this.#lastKernelPeak = kernelPeak;
      this.#bytes = Math.max(this.#bytes, kernelPeak - this.#pageCache());
    }
    return this.#bytes;
  }
}
