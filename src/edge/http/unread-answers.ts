import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { HeldBytes, type HeldBytesLimits } from './held-bytes.ts';

interface UnreadLimits extends HeldBytesLimits {
  /** An answer of which nothing was taken for this long is given up. */
  readonly stallMs: number;
}

/**
 * Answers that their clients do not read stay in the server's memory, up to 6 MB each. So they are counted: past the
 * limit, or when a client takes nothing for long, its connection is cut.
 */
export class UnreadAnswers {
  readonly #held: HeldBytes;
  readonly #stallMs: number;

  constructor({ stallMs, ...limits }: UnreadLimits) {
    this.#held = new HeldBytes(limits);
    this.#stallMs = stallMs;
  }

  /** Called when an answer was written. Costs one look where the client reads as fast as that. */
  watch(response: ServerResponse, environment: object | undefined): void {
    const unread = response.socket?.writableLength ?? 0;
    if (unread === 0 || response.writableFinished) return;
    if (!this.#held.take(environment, unread)) {
      response.destroy();
      return;
    }
    this.limitStalls(response);
    response.once('close', () => this.#held.giveBack(environment, unread));
  }

  /** The same for an answer that went straight to its socket, which did not take all of it at once. */
  watchSocket(socket: Socket, environment: object | undefined): void {
    const unread = socket.writableLength;
    if (!this.#held.take(environment, unread)) {
      socket.destroy();
      return;
    }
    socket.setTimeout(this.#stallMs, () => socket.destroy());
    let held = true;
    const release = (): void => {
      if (held) this.#held.giveBack(environment, unread);
      held = false;
      socket.setTimeout(0);
    };
    socket.once('drain', release).once('close', release);
  }

  /** For an answer that is written as fast as it is read. */
  limitStalls(response: ServerResponse): void {
    response.setTimeout(this.#stallMs, () => response.destroy());
  }
}
