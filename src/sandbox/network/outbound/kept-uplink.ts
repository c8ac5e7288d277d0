import type { CancelTimer, Log } from '../../../base/index.ts';
import { startUplink, type Uplink, type UplinkOptions } from './uplink.ts';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/**
 * An uplink that is started again whenever it ends, after a pause that doubles: it may crash, and on a machine that is
 * offline it does not even start. Sandboxes keep their wiring meanwhile.
 */
export class KeptUplink {
  readonly #options: UplinkOptions & { readonly log: Log };
  #uplink: Uplink | undefined;
  #starting: Promise<void> = Promise.resolve();
  #complaint: string | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #cancelPause: CancelTimer = () => undefined;
  #open = true;

  constructor(options: UplinkOptions & { readonly log: Log }) {
    this.#options = options;
  }

  /** Why there is no uplink now. */
  get complaint(): string | undefined {
    return this.#complaint;
  }

  /** Settles after the first attempt, whether it succeeded or not. */
  start(): Promise<void> {
    this.#starting = this.#start();
    return this.#starting;
  }

  async close(): Promise<void> {
    this.#open = false;
    this.#cancelPause();
    await this.#starting;
    await this.#uplink?.stop();
  }

  async #start(): Promise<void> {
    try {
      this.#uplink = await startUplink(this.#options);
      this.#complaint = undefined;
      this.#pauseMs = FIRST_PAUSE_MS;
      void this.#uplink.ended.then((complaint) => this.#startLater(complaint));
    } catch (error) {
      this.#startLater(error instanceof Error ? error.message : String(error));
    }
  }

  #startLater(complaint: string): void {
    if (!this.#open) return;
    if (this.#complaint !== complaint) {
      this.#options.log.warn(
        { complaint },
        'Sandboxes have no outbound traffic until the uplink is up again',
      );
    }
    this.#complaint = complaint;
    this.#cancelPause = this.#options.clock.setTimer(this.#pauseMs, () => void this.start());
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }
}
