import { Readable } from 'node:stream';
import type { Api, CallContext } from '../../src/api/index.ts';
import type { ServiceName } from '../../src/aws-protocol/index.ts';

interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/**
 * Configuration of an SDK client whose requests reach the API without a socket: real serialisation on both sides, and a caller
 * of the test's choosing. Signatures are made and not looked at.
 */
export function inProcess(api: Api, service: ServiceName, context: Partial<CallContext> = {}) {
  const account = context.account ?? '000000000000';
  const region = context.region ?? 'us-east-1';
  const requestContext: CallContext = {
    account,
    region,
    requestId: '00000000-0000-4000-8000-000000000000',
    caller: { account, arn: `arn:aws:iam::${account}:root`, userId: account },
    origin: 'host',
    verified: false,
    baseUrl: 'http://127.0.0.1:4566',
    ...context,
  };
  const handle = async (request: SdkRequest) => {
    const { status, headers, body } = await api.handle({
      service,
      context: requestContext,
      method: request.method,
      path: request.path,
      query: queryString(request.query ?? {}),
      headers: request.headers,
      body: bytesOf(request.body ?? ''),
    });
    const lowerCase = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    const response = {
      statusCode: status,
      headers: Object.fromEntries(lowerCase) as Record<string, string>,
      body: Readable.from([Buffer.from(body)]),
    };
    return { response };
  };
  return {
    region,
    endpoint: requestContext.baseUrl,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
    requestHandler: { handle },
  };
}

function bytesOf(body: string | Uint8Array): Buffer {
  return typeof body === 'string'
    ? Buffer.from(body)
    : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

function queryString(query: NonNullable<SdkRequest['query']>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value ?? '']) search.append(name, one);
  }
  return search.toString();
}
