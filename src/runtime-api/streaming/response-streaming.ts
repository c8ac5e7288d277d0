import { normalErrorType } from '../error-type.ts';
import type { BodyStream, HttpRequest, RequestHead } from '../http/index.ts';
import type { ResponseReader } from './response-reader.ts';
import { StreamedResponse } from './streamed-response.ts';
import { trailerError } from './trailer-error.ts';

/** How a streamed response ended that went to its reader as it came. */
export type StreamAnswer =
  | { readonly kind: 'streamed' }
  | {
      readonly kind: 'streamed-error';
      readonly payload: Buffer;
      /** Normalised. */
      readonly errorType: string;
      /** As the runtime named it. */
      readonly type: string;
    };

interface StreamLimits {
  readonly streamBytes: number;
  readonly http: { readonly discardBytes: number };
}

interface StreamConnection {
  /** The connection may be read again. */
  readonly resume: () => void;
  /** The response has become too long: what was passed on is all that its reader gets. */
  readonly overflowed: () => void;
}

/** The response of the current invocation, as far as somebody reads it while it comes. */
export class ResponseStreaming {
  readonly #limits: StreamLimits;
  #reader: ResponseReader | undefined;
  #stream: StreamedResponse | undefined;
  #cut = false;

  constructor(limits: StreamLimits) {
    this.#limits = limits;
  }

  /** Without a reader a response is collected, whatever its mode. */
  readBy(reader: ResponseReader | undefined): void {
    this.#reader = reader;
  }

  get hasReader(): boolean {
    return this.#reader !== undefined;
  }

  begin(head: RequestHead, connection: StreamConnection): BodyStream | undefined {
    if (!this.#reader) return undefined;
    const { streamBytes: limitBytes, http } = this.#limits;
    const options = { ...connection, limitBytes, patienceBytes: http.discardBytes };
    this.#stream = new StreamedResponse(head, this.#reader, options);
    return this.#stream;
  }

  /** The request is whole. Of a response that was too long the end is told already: no answer. */
  end(request: HttpRequest): StreamAnswer | undefined {
    const oversized = this.#stream?.oversized === true;
    this.#stream = undefined;
    if (oversized) return undefined;
    const error = trailerError(request);
    if (!error) return { kind: 'streamed' };
    const { payload, errorType: type } = error;
    return { kind: 'streamed-error', payload, errorType: normalErrorType(type), type };
  }

  /** The connection is gone with this request unfinished. False where that was not the stream's. */
  cutOff(head: RequestHead): boolean {
    const stream = this.#stream;
    if (stream?.head !== head) return false;
    this.#stream = undefined;
    this.#cut = !stream.oversized;
    return true;
  }

  /**
   * Whether the response was cut off, asked when the runtime goes on: often it is the end of the process that cuts the
   * connection, and how it ended is what the caller should hear. Says so once.
   */
  takeCut(): boolean {
    const cut = this.#cut;
    this.#cut = false;
    return cut;
  }
}
