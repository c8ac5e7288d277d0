import type { ServerResponse } from 'node:http';
import type { WireResponse } from '../../aws-protocol/index.ts';

/** Writes a whole answer; nothing when the client is gone. */
export function respond(response: ServerResponse, { status, headers, body }: WireResponse): void {
  if (response.destroyed || response.headersSent) return;
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  const withLength = status === 204 ? headers : { ...headers, 'Content-Length': String(length) };
  response.writeHead(status, withLength);
  response.end(status === 204 ? undefined : body);
}

export function respondJson(response: ServerResponse, status: number, body: unknown): void {
  const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' };
  respond(response, { status, headers, body: body === undefined ? '' : JSON.stringify(body) });
}

/** Writes one line of JSON for each value as it comes; the head at once. */
export async function respondLines(
  response: ServerResponse,
  status: number,
  values: AsyncIterable<unknown>,
): Promise<void> {
  response.writeHead(status, { 'Content-Type': 'application/x-ndjson', 'Cache-Control': 'no-store' });
  response.flushHeaders();
  for await (const value of values) {
    if (response.destroyed) return;
    response.write(`${JSON.stringify(value)}\n`);
  }
  response.end();
}
