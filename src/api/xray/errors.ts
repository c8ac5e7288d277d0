import { type AwsError, serviceError } from '../../model/index.ts';

export function invalidRequest(message: string): AwsError {
  return serviceError('InvalidRequestException', 400, message);
}

/** `1-`, the second of the first request in hexadecimal digits, and 24 random ones. */
export const TRACE_ID = /^1-[0-9a-f]{8}-[0-9a-f]{24}$/;
