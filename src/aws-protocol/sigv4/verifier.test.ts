import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../base/index.ts';
import type { WireRequest } from '../request/http-request.ts';
import { AuthError, parseClaim, SignatureVerifier } from '../index.ts';

const nowMs = Date.UTC(2026, 10, 21, 12, 0, 0);
const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';

/** The hash that the signer wants, on Node's own. */
class Sha256 {
  readonly #hash;

  constructor(key?: Parameters<typeof createHmac>[1]) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', key);
  }

  update(data: Uint8Array | string): void {
    this.#hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly query?: Record<string, string | string[]>;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly sessionToken?: string;
  readonly signedAtMs?: number;
}

function signer({ sessionToken }: Sent): SignatureV4 {
  const credentials = {
    accessKeyId: 'AKIAEXAMPLE',
    secretAccessKey: secret,
    ...(sessionToken && { sessionToken }),
  };
  return new SignatureV4({ service: 'lambda', region: 'us-east-1', credentials, sha256: Sha256 as never });
}

function unsigned(sent: Sent) {
  return {
    protocol: 'http:',
    hostname: '127.0.0.1',
    port: 4566,
    method: sent.method ?? 'POST',
    path: sent.path ?? '/2015-03-31/functions',
    query: sent.query ?? {},
    headers: { host: '127.0.0.1:4566', ...sent.headers },
    ...(sent.body !== undefined && { body: sent.body }),
  };
}

interface Outgoing {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly query?: Record<string, string | string[] | null> | undefined;
}

/** As it arrives: the SDK's HTTP handler encodes the query like this. */
function wire({ method, path, headers, query = {} }: Outgoing, body = ''): WireRequest {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((item) => `${encodeURIComponent(name)}=${encodeURIComponent(item ?? '')}`),
  );
  const lower = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return { method, path, query: pairs.join('&'), headers: lower, body: Buffer.from(body) };
}

async function signed(sent: Sent = {}): Promise<WireRequest> {
  const signingDate = new Date(sent.signedAtMs ?? nowMs);
  return wire(await signer(sent).sign(unsigned(sent), { signingDate }), sent.body);
}

async function presigned(sent: Sent & { expiresIn?: number } = {}): Promise<WireRequest> {
  const options = { signingDate: new Date(sent.signedAtMs ?? nowMs), expiresIn: sent.expiresIn ?? 60 };
  return wire(await signer(sent).presign(unsigned({ method: 'GET', ...sent }), options), sent.body);
}

function verify(request: WireRequest, withSecret = secret): void {
  const verifier = new SignatureVerifier(new ManualClock(nowMs));
  verifier.verify(parseClaim(request.headers, request.query), request, withSecret);
}

function fault(run: () => void): string {
  try {
    run();
  } catch (error) {
    if (error instanceof AuthError) return `${error.fault}: ${error.message}`;
    throw error;
  }
  return 'accepted';
}

describe('what the SDK signs is accepted', () => {
  test.each<[string, Sent]>([
    ['a plain call', { body: '{"a":1}' }],
    [
      'a path with an encoded ARN',
      { path: '/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af' },
    ],
    ['a path with raw colons', { path: '/2015-03-31/functions/f:live' }],
    ['a query to be encoded', { query: { Marker: 'a+b/c= d*!', tagKeys: ['b', 'a', 'ü'], Empty: '' } }],
    ['headers with space inside', { headers: { 'x-amz-client-context': '  a   b ' } }],
    ['session credentials', { sessionToken: 'token', body: 'x' }],
    ['14 minutes ago', { signedAtMs: nowMs - 14 * 60_000 }],
    ['14 minutes ahead', { signedAtMs: nowMs + 14 * 60_000 }],
  ])('%s', async (_, sent) => {
    const request = await signed(sent);
    expect(fault(() => verify(request))).toBe('accepted');
    expect(fault(() => verify(request, 'another secret'))).toMatch(
      /^mismatch: The request signature we calculated/,
    );
  });

  test('presigned, with and without a session token, until it expires', async () => {
    for (const sessionToken of [undefined, 'token/+=']) {
      const sent = { ...(sessionToken !== undefined && { sessionToken }), query: { Qualifier: 'live' } };
      const request = await presigned(sent);
      expect(fault(() => verify(request))).toBe('accepted');
      const expired = await presigned({ ...sent, signedAtMs: nowMs - 61_000 });
      expect(fault(() => verify(expired))).toMatch(/^mismatch: Signature expired/);
    }
  });
});

describe('what was changed on the way is refused', () => {
  const changes: Readonly<Record<string, (request: WireRequest) => WireRequest>> = {
    body: (request) => ({ ...request, body: Buffer.from('{"a":2}') }),
    method: (request) => ({ ...request, method: 'PUT' }),
    path: (request) => ({ ...request, path: '/2015-03-31/functions/other' }),
    query: (request) => ({ ...request, query: 'Qualifier=other' }),
    'added query': (request) => ({ ...request, query: `${request.query}&Qualifier=other` }),
    'a signed header': (request) => ({ ...request, headers: { ...request.headers, host: 'elsewhere' } }),
    'a removed header': (request) => ({ ...request, headers: { ...request.headers, host: undefined } }),
    'an added amz header': (request) => ({
      ...request,
      headers: { ...request.headers, 'x-amz-invocation-type': 'Event' },
    }),
    'an added token': (request) => ({
      ...request,
      headers: { ...request.headers, 'x-amz-security-token': 'x' },
    }),
    date: (request) => ({ ...request, headers: { ...request.headers, 'x-amz-date': '20261121T120001Z' } }),
    'declared hash': (request) => ({
      ...request,
      headers: { ...request.headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    }),
  };

  test.each(Object.entries(changes))('%s', async (_, change) => {
    const request = await signed({ body: '{"a":1}' });
    expect(fault(() => verify(request))).toBe('accepted');
    expect(fault(() => verify(change(request)))).toMatch(/^mismatch/);
  });

  test('an unsigned payload is refused even when the signer declared it so', async () => {
    const request = await signed({ body: 'x', headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } });
    expect(fault(() => verify(request))).toMatch(/x-amz-content-sha256/);
  });

  test('the presigned body counts', async () => {
    const request = await presigned();
    expect(fault(() => verify({ ...request, body: Buffer.from('x') }))).toMatch(/^mismatch/);
  });

  test('a clock 16 minutes off, either way', async () => {
    const late = await signed({ signedAtMs: nowMs - 16 * 60_000 });
    const early = await signed({ signedAtMs: nowMs + 16 * 60_000 });
    expect(fault(() => verify(late))).toBe(
      'mismatch: Signature expired: 20261121T114400Z is now earlier than 20261121T114500Z (20261121T120000Z - 15 min.)',
    );
    expect(fault(() => verify(early))).toMatch(/Signature not yet current/);
  });
});

describe('what is not well-formed is refused by name', () => {
  test.each([
    [{}, 'missing: Missing Authentication Token'],
    [{ authorization: 'Bearer x' }, /^incomplete: Authorization header must use/],
    [
      { authorization: 'AWS4-HMAC-SHA256 Credential=a/20261121/r/s/aws4_request' },
      /requires 'Signature' parameter\. Authorization header requires 'SignedHeaders'/,
    ],
    [
      { authorization: 'AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0' },
      /^incomplete: Authorization header requires existence|5 slash-delimited/,
    ],
    [
      {
        authorization:
          'AWS4-HMAC-SHA256 Credential=a/20261121/../lambda/aws4_request, SignedHeaders=host, Signature=0',
      },
      /^incomplete: Credential is not well-formed/,
    ],
    [
      {
        authorization:
          'AWS4-HMAC-SHA256 Credential=a/20261121/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0',
      },
      /existence of either a 'X-Amz-Date'/,
    ],
  ])('%o', (headers, expected) => {
    const request = { method: 'GET', path: '/', query: '', headers, body: Buffer.alloc(0) };
    expect(fault(() => verify(request))).toMatch(expected);
  });

  test('whatever stands in the headers, the answer is an AuthError or none', () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom(
        'AWS4-HMAC-SHA256 Credential=a/20261121/us-east-1/lambda/aws4_request, SignedHeaders=host;x, Signature=zz',
        '20261121T120000Z',
        'Credential=,Signature=,SignedHeaders=',
      ),
    );
    fc.assert(
      fc.property(text, text, text, fc.string({ unit: 'binary' }), (authorization, date, query, path) => {
        const headers = { authorization, 'x-amz-date': date, host: 'h' };
        const request = {
          method: 'GET',
          path,
          query: `X-Amz-Signature=&${query}`,
          headers,
          body: Buffer.alloc(0),
        };
        expect(fault(() => verify(request))).not.toBe('accepted');
        expect(fault(() => verify({ ...request, headers: { host: 'h' } }))).not.toBe('accepted');
      }),
      { numRuns: 3_000 },
    );
  });
});
