import type { IncomingMessage } from 'node:http';
import {
  AuthError,
  authErrorFor,
  type Protocol,
  renderError,
  type WireResponse,
} from '../../aws-protocol/index.ts';
import { AwsError } from '../../model/index.ts';

/** In which protocol a caller expects to be refused, told by the look of its request. */
export interface Dialect {
  readonly protocol: Protocol;
  readonly jsonVersion: string;
}

export function dialectOf({ headers }: IncomingMessage, query: string): Dialect {
  const type = headers['content-type'] ?? '';
  const jsonVersion = type.includes('json-1.0') ? '1.0' : '1.1';
  if (headers['x-amz-target'] !== undefined) return { protocol: 'json', jsonVersion };
  const isQuery = type.startsWith('application/x-www-form-urlencoded') || /(^|&)Action=/.test(query);
  return { protocol: isQuery ? 'query' : 'rest-json', jsonVersion };
}

/** A refusal made before any operation was known; undefined for what is no refusal but a bug. */
export function renderRefusal(
  error: unknown,
  { protocol, jsonVersion }: Dialect,
  requestId: string,
): WireResponse | undefined {
  const refusal = error instanceof AuthError ? authErrorFor(protocol, error) : error;
  if (!(refusal instanceof AwsError)) return undefined;
  const rendered = renderError(refusal, { protocol, jsonVersion, xmlNamespace: '', requestId });
  return { ...rendered, headers: { ...rendered.headers, 'x-amzn-RequestId': requestId } };
}
