import type { PhaseTimes } from '../base/index.ts';
import type { ResponseStream } from '../environments/index.ts';
import type { FunctionAddress } from '../functions/index.ts';

export interface InvocationRequest {
  readonly address: FunctionAddress;
  /** Chosen by the edge; also the `x-amzn-RequestId` of the answer. */
  readonly requestId: string;
  /** Raw event; empty means `{}`. */
  readonly payload: Uint8Array;
  /** Already base64-decoded JSON. */
  readonly clientContext?: string | undefined;
  readonly traceHeader?: string | undefined;
  /** For functions with tenant isolation, which need one, and for no others. */
  readonly tenantId?: string | undefined;
  readonly tail: boolean;
  /** Takes a streamed response while the function writes it; the outcome then is its end, without the payload. */
  readonly responseStream?: ResponseStream | undefined;
  readonly phases?: PhaseTimes | undefined;
}

/** A function's failure is data here: `functionError` set, HTTP status still 200. */
export interface InvocationOutcome {
  readonly payload: Uint8Array;
  readonly contentType?: string | undefined;
  readonly functionError?: 'Unhandled' | 'Handled' | undefined;
  /** What the runtime called the error with which a streamed response broke off. */
  readonly streamErrorType?: string | undefined;
  readonly executedVersion: string;
  /** Last 4 KB of this invocation's text log; only with `tail`. */
  readonly logTail?: Buffer | undefined;
}

/** Rejects with an `AwsError` when the function did not run (404, 429, 409, …). */
export interface Invoker {
  invoke(request: InvocationRequest): Promise<InvocationOutcome>;
}
