import type { IncomingMessage } from 'node:http';
import { type AwsError, awsError } from '../../model/index.ts';
import { HeldBytes } from './held-bytes.ts';

interface BodyLimits {
  readonly bufferedBodyBytes: number;
  readonly environmentBodyBytes: number;
  readonly discardedBodyBytes: number;
}

export interface BodyRule {
  readonly maxBytes: number;
  /** What the sender of a larger body is told; `bytes` is the size as far as it is known. */
  tooLarge(bytes: number): AwsError;
}

/** The client went away before its request was complete: there is nobody to answer. */
export class RequestAborted extends Error {
  override readonly name = 'RequestAborted';
}

const nothing = Buffer.alloc(0);

/** Collects request bodies, each within its operation's limit and all together within one budget. */
export class BodyCollector {
  readonly #limits: BodyLimits;
  readonly #held: HeldBytes;

  constructor(limits: BodyLimits) {
    this.#limits = limits;
    this.#held = new HeldBytes({ total: limits.bufferedBodyBytes, environment: limits.environmentBodyBytes });
  }

  /**
   * The whole body. Rejects with the rule's 413 once it is too large (the rest is read and dropped, so that the
   * sender sees the answer), with 429 beyond the budget, with `RequestAborted` when it was cut off. `environment` is the
   * one that the request came out of.
   */
  collect(request: IncomingMessage, rule: BodyRule, environment?: object): Promise<Buffer> {
    const declared = declaredBytes(request);
    if (declared > this.#limits.discardedBodyBytes) return Promise.reject(rule.tooLarge(declared));
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      let refusal: 'too large' | 'no room' | undefined;
      const release = (): void => {
        if (refusal === undefined) this.#held.giveBack(environment, bytes);
        chunks.length = 0;
      };
      request.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (refusal === undefined) {
          if (bytes > rule.maxBytes) refusal = 'too large';
          else if (!this.#held.take(environment, chunk.length)) refusal = 'no room';
          if (refusal === undefined) {
            chunks.push(chunk);
            return;
          }
          this.#held.giveBack(environment, bytes - chunk.length);
          chunks.length = 0;
        }
        if (bytes > this.#limits.discardedBodyBytes) {
          request.removeAllListeners('data').pause();
          reject(rule.tooLarge(bytes));
        }
      });
      request.on('end', () => {
        const body = joined(chunks);
        release();
        if (refusal === 'too large') reject(rule.tooLarge(bytes));
        else if (refusal === 'no room') reject(noRoom());
        else resolve(body);
      });
      whenCutOff(request, () => {
        release();
        reject(new RequestAborted());
      });
    });
  }

  /**
   * Reads on, and drops, what is still to come of a request that is refused without its body: hanging up on a sender
   * would cost it the answer. Resolves at the end, or beyond the limit.
   */
  discard(request: IncomingMessage): Promise<void> {
    if (request.complete || request.readableFlowing !== null) return Promise.resolve();
    if (declaredBytes(request) > this.#limits.discardedBodyBytes) return Promise.resolve();
    return new Promise((resolve) => {
      let bytes = 0;
      request.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > this.#limits.discardedBodyBytes) resolve();
      });
      request.on('end', resolve);
      whenCutOff(request, resolve);
    });
  }
}

function declaredBytes({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? 0);
}

function whenCutOff(request: IncomingMessage, tell: () => void): void {
  request.on('close', () => {
    if (!request.complete) tell();
  });
  // 'close' follows an error.
  request.on('error', () => undefined);
}

function joined(chunks: readonly Buffer[]): Buffer {
  const [first = nothing, ...rest] = chunks;
  return rest.length === 0 ? first : Buffer.concat(chunks);
}

function noRoom(): AwsError {
  return awsError('TooManyRequestsException', 'Rate exceeded', {
    members: { Reason: 'CallerRateLimitExceeded' },
  });
}
