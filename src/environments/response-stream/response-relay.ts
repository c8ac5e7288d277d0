import { Alarm, type Clock } from '../../base/index.ts';
import type { ResponseReader, StreamHead } from '../../runtime-api/index.ts';
import { type Bandwidth, BandwidthBucket } from './bandwidth.ts';

/** What is known of a streamed response before its first byte. */
export interface ResponseStreamHead extends StreamHead {
  readonly executedVersion: string;
}

/** Where a caller takes a streamed response from; its end is the outcome of the invocation. */
export interface ResponseStream {
  /** Called at most once, before any bytes. `resume` says, in a later turn, that there is room again. */
  open(head: ResponseStreamHead, resume: () => void): void;
  /** Takes the bytes in any case; a caller who is gone drops them. False: the function is to wait until `resume`. */
  write(bytes: Buffer): boolean;
}

interface RelayOptions {
  readonly executedVersion: string;
  readonly clock: Clock;
  readonly bandwidth: Bandwidth;
  /** The caller has its outcome: during Shutdown a runtime may still write, to nobody. */
  readonly isOver?: () => boolean;
}

/** Passes a response on as fast as its reader takes it and the bandwidth allows; keeps nothing itself. */
export class ResponseRelay implements ResponseReader {
  readonly #stream: ResponseStream;
  readonly #options: RelayOptions;
  readonly #bucket: BandwidthBucket;
  readonly #pause: Alarm;
  #pausing = false;
  #hasRoom = true;
  #resume: () => void = () => undefined;

  constructor(stream: ResponseStream, options: RelayOptions) {
    const { clock, bandwidth } = options;
    this.#stream = stream;
    this.#options = options;
    this.#bucket = new BandwidthBucket(bandwidth, clock.monotonicMs());
    this.#pause = new Alarm(clock, () => this.#pauseOver());
  }

  open(head: StreamHead, resume: () => void): void {
    this.#resume = resume;
    const { executedVersion } = this.#options;
    if (this.#isOver()) return;
    this.#stream.open({ ...head, executedVersion }, () => this.#roomAgain());
  }

  write(bytes: Buffer): boolean {
    this.#hasRoom = this.#isOver() || this.#stream.write(bytes);
    const waitMs = this.#bucket.take(bytes.length, this.#options.clock.monotonicMs());
    this.#pausing = waitMs > 0;
    if (this.#pausing) this.#pause.set(waitMs);
    return this.#hasRoom && !this.#pausing;
  }

  close(): void {
    this.#pause.close();
    this.#resume = () => undefined;
  }

  #isOver(): boolean {
    return this.#options.isOver?.() === true;
  }

  #pauseOver(): void {
    this.#pausing = false;
    if (this.#hasRoom) this.#resume();
  }

  #roomAgain(): void {
    this.#hasRoom = true;
    if (!this.#pausing) this.#resume();
  }
}
