import type { ServerResponse } from 'node:http';
import { encodeEvent } from '../../aws-protocol/index.ts';
import type { InvocationOutcome, ResponseStream, ResponseStreamHead } from '../../invoke/index.ts';

interface AnswerOptions {
  readonly requestId: string;
  /** A caller who takes nothing for this long of what waits for it is given up. */
  readonly stallMs: number;
}

/** The last event of the stream; every member may be absent. */
interface InvokeComplete {
  readonly ErrorCode?: string;
  readonly ErrorDetails?: string;
  /** Base64. */
  readonly LogResult?: string;
}

/**
 * The answer to an `InvokeWithResponseStream`: status and headers when the function begins to answer, a `PayloadChunk` for
 * what it wrote each time, `InvokeComplete` last. A caller who left is not told to the function: its bytes are dropped.
 */
export class EventStreamAnswer implements ResponseStream {
  readonly #response: ServerResponse;
  readonly #options: AnswerOptions;
  #opened = false;

  constructor(response: ServerResponse, options: AnswerOptions) {
    this.#response = response;
    this.#options = options;
  }

  /** Whether status and headers are on their way, so that what follows can only be told in an event. */
  get opened(): boolean {
    return this.#opened;
  }

  open({ executedVersion }: ResponseStreamHead, resume: () => void): void {
    this.#response.on('drain', resume);
    this.#response.once('close', resume);
    this.#writeHead(executedVersion);
    if (!this.#response.destroyed) this.#response.flushHeaders();
  }

  write(bytes: Uint8Array): boolean {
    if (this.#response.destroyed) return true;
    const event = { eventType: 'PayloadChunk', contentType: 'application/octet-stream', payload: bytes };
    return this.#response.write(encodeEvent(event));
  }

  /** Ends the stream; where the function did not stream, with its whole answer before. */
  complete(outcome: InvocationOutcome): void {
    const { functionError, payload, executedVersion, logTail } = outcome;
    if (!this.#opened) {
      this.#writeHead(executedVersion);
      if (functionError === undefined && payload.length > 0) this.write(payload);
    }
    this.#end({
      ...(functionError !== undefined && failureOf(outcome)),
      ...(logTail !== undefined && { LogResult: logTail.toString('base64') }),
    });
  }

  /** The platform failed after the stream had begun. */
  fail(errorCode: string, errorDetails: string): void {
    this.#end({ ErrorCode: errorCode, ErrorDetails: errorDetails });
  }

  #writeHead(executedVersion: string): void {
    this.#opened = true;
    if (this.#response.destroyed) return;
    this.#limitStalls();
    this.#response.writeHead(200, [
      'Content-Type',
      'application/vnd.amazon.eventstream',
      'x-amzn-RequestId',
      this.#options.requestId,
      'X-Amz-Executed-Version',
      executedVersion,
    ]);
  }

  /** A function may be silent for as long as it likes; it is a caller who does not read that is hung up on. */
  #limitStalls(): void {
    const response = this.#response;
    response.setTimeout(this.#options.stallMs, () => {
      if (response.writableNeedDrain) response.destroy();
    });
  }

  #end(complete: InvokeComplete): void {
    if (this.#response.destroyed) return;
    const payload = Buffer.from(JSON.stringify(complete));
    this.#response.end(
      encodeEvent({ eventType: 'InvokeComplete', contentType: 'application/json', payload }),
    );
  }
}

function failureOf({ functionError, streamErrorType, payload }: InvocationOutcome): InvokeComplete {
  const details = Buffer.from(payload).toString();
  return { ErrorCode: streamErrorType ?? errorTypeIn(details) ?? functionError ?? '', ErrorDetails: details };
}

/** Functions may answer with an error of any form. */
function errorTypeIn(json: string): string | undefined {
  try {
    const error: unknown = JSON.parse(json);
    if (typeof error !== 'object' || error === null || !('errorType' in error)) return undefined;
    return typeof error.errorType === 'string' ? error.errorType : undefined;
  } catch {
    return undefined;
  }
}
