import type { HttpRequest } from '../http/index.ts';

/** How a streamed response says that it broke off. */
export interface StreamError {
  /** As the runtime named it. */
  readonly errorType: string;
  /** JSON as the runtime sent it; made of the type where it sent none. */
  readonly payload: Buffer;
}

/** The error that stands in the trailers of a streamed response, its body in base64 (developer guide, "Custom runtimes"). */
export function trailerError({ trailers }: HttpRequest): StreamError | undefined {
  const type = trailers?.get('lambda-runtime-function-error-type');
  const body = trailers?.get('lambda-runtime-function-error-body');
  if (type === undefined && body === undefined) return undefined;
  const errorType = type ?? 'Runtime.Unknown';
  const payload = Buffer.from(body ?? '', 'base64');
  return { errorType, payload: payload.length > 0 ? payload : Buffer.from(JSON.stringify({ errorType })) };
}
