import type { ReplyPart } from './http/index.ts';

/** One invocation on its way to the runtime. Every text may come from a caller and is hostile. */
export interface RuntimeInvocation {
  readonly requestId: string;
  /** New for each attempt, where `requestId` stays the same over retries. */
  readonly invocationId: string;
  /** Milliseconds since the epoch. */
  readonly deadlineMs: number;
  readonly invokedFunctionArn: string;
  readonly traceHeader: string;
  /** JSON, already decoded. */
  readonly clientContext?: string | undefined;
  readonly tenantId?: string | undefined;
  readonly payload: Uint8Array;
}

const SMALL_BYTES = 16_384;
const NO_EVENT = Buffer.from('{}');

/** The answer to `GET /runtime/invocation/next`: one piece where it is small, else head and payload uncopied. */
export function encodeInvocation(invocation: RuntimeInvocation): readonly ReplyPart[] {
  const payload = invocation.payload.length === 0 ? NO_EVENT : invocation.payload;
  const head = invocationHead(invocation, payload.length);
  if (payload.length > SMALL_BYTES) return [head, viewOf(payload)];
  return [head + viewOf(payload).toString('latin1')];
}

/**
 * In bytes, one a character. Whatever a caller may write in more than ASCII goes out as UTF-8. Every event is JSON,
 * whatever the caller's client named it: the SDKs say `application/octet-stream`, and AWS's own Python client hands an
 * event of that type to the function as raw bytes.
 */
function invocationHead(invocation: RuntimeInvocation, contentLength: number): string {
  const { clientContext, tenantId } = invocation;
  return (
    `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n` +
    `Lambda-Runtime-Aws-Request-Id: ${invocation.requestId}\r\n` +
    `Lambda-Runtime-Deadline-Ms: ${invocation.deadlineMs}\r\n` +
    `Lambda-Runtime-Invoked-Function-Arn: ${invocation.invokedFunctionArn}\r\n` +
    `Lambda-Runtime-Trace-Id: ${fieldValue(invocation.traceHeader)}\r\n` +
    `Lambda-Runtime-Invocation-Id: ${invocation.invocationId}\r\n` +
    (clientContext === undefined ? '' : `Lambda-Runtime-Client-Context: ${fieldValue(clientContext)}\r\n`) +
    (tenantId === undefined ? '' : `Lambda-Runtime-Aws-Tenant-Id: ${fieldValue(tenantId)}\r\n`) +
    `Content-Length: ${contentLength}\r\n\r\n`
  );
}

// oxlint-disable-next-line no-control-regex -- control characters are what is being removed
const CONTROL = /[\u0000-\u001f\u007f]/g;
// oxlint-disable-next-line no-control-regex -- as above
const IS_ASCII = /^[\u0000-\u007f]*$/;
// oxlint-disable-next-line no-control-regex -- as above
const HAS_CONTROL = /[\u0000-\u001f\u007f]/;

/** A header field cannot carry line breaks; between JSON tokens, the only place they may stand, blanks mean the same. */
function fieldValue(text: string): string {
  const line = HAS_CONTROL.test(text) ? text.replaceAll(CONTROL, ' ') : text;
  return IS_ASCII.test(line) ? line : Buffer.from(line).toString('latin1');
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
