import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readPlainRequest } from './plain-request.ts';

const FIELDS = ['Host: localhost', 'Authorization: AWS4-HMAC-SHA256 Credential=a', 'Content-Length: 7'];

function request(fields: readonly string[] = FIELDS, body = '{"a":1}', line = LINE): Buffer {
  return Buffer.from(`${[line, ...fields].join('\r\n')}\r\n\r\n${body}`, 'latin1');
}
const LINE = 'POST /2015-03-31/functions/fn/invocations?Qualifier=live HTTP/1.1';

test('a whole and plain Invoke is read, its payload as it stands in the bytes', () => {
  const bytes = request([...FIELDS, 'X-Amz-Log-Type:Tail', 'Connection: keep-alive']);
  const read = readPlainRequest(Buffer.concat([bytes, Buffer.from('POST …')]));
  expect(read).toMatchObject({
    path: '/2015-03-31/functions/fn/invocations',
    query: 'Qualifier=live',
    end: bytes.length,
  });
  expect(read?.payload.toString()).toBe('{"a":1}');
  expect({ ...read?.headers }).toEqual({
    host: 'localhost',
    authorization: 'AWS4-HMAC-SHA256 Credential=a',
    'content-length': '7',
    'x-amz-log-type': 'Tail',
    connection: 'keep-alive',
  });
});

test.each([
  ['another method', request(FIELDS, '{"a":1}', LINE.replace('POST', 'PUT'))],
  ['another service', request(FIELDS, '{"a":1}', 'POST / HTTP/1.1')],
  ['HTTP/1.0', request(FIELDS, '{"a":1}', LINE.replace('1.1', '1.0'))],
  ['no host', request(FIELDS.slice(1))],
  ['no length', request(FIELDS.slice(0, 2))],
  ['a length that is none', request([...FIELDS.slice(0, 2), 'Content-Length: +7'])],
  ['a field twice', request([...FIELDS, 'X-Amz-Log-Type: Tail', 'x-amz-log-type: None'])],
  ['a length twice', request([...FIELDS, 'content-length: 3'])],
  ['a chunked body', request([...FIELDS, 'Transfer-Encoding: chunked'])],
  ['an expectation', request([...FIELDS, 'Expect: 100-continue'])],
  ['a connection that ends', request([...FIELDS, 'Connection: close'])],
  ['an upgrade', request([...FIELDS, 'Upgrade: h2c'])],
  ['a page of a browser', request([...FIELDS, 'Origin: http://evil.example'])],
  ['a folded field', request([...FIELDS, 'X-A: 1', ' 2'])],
  ['a blank before the colon', request([...FIELDS, 'X-A : 1'])],
  ['a bare line feed', request([...FIELDS, 'X-A: 1\nX-B: 2'])],
  ['more than ASCII', request([...FIELDS, 'X-A: \u00e9'])],
  ['a head without end', request().subarray(0, 60)],
  ['a body without end', request().subarray(0, -1)],
  ['a long head', request([...FIELDS, `X-A: ${'a'.repeat(16_384)}`])],
])('%s is left to the server that knows all of HTTP', (_, bytes) => {
  expect(readPlainRequest(bytes)).toBeUndefined();
});

test('whatever bytes come, nothing is thrown and no more is taken than there is', () => {
  const start = fc.constantFrom(Buffer.alloc(0), request(), request().subarray(0, 70));
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 300 }), (before, after) => {
      const bytes = Buffer.concat([before, after]);
      const read = readPlainRequest(bytes);
      if (read) expect(read.end).toBeLessThanOrEqual(bytes.length);
    }),
  );
});

test('a head of nothing but blanks, colons or field names takes time in proportion to its length', () => {
  for (const filler of [' ', ':', 'a', 'a:', 'a: \t', '\r\n', 'a:\r\n'])
    readPlainRequest(Buffer.from(`${LINE}\r\n${filler.repeat(8_000 / filler.length)}`));
});
