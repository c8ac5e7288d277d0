import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { type Deferred, deferred } from '../base/index.ts';
import { call, inside, operatorToken, type RunningEdge, runEdge } from './edge.fixture.ts';

const running: RunningEdge[] = [];
async function start(setup: Parameters<typeof runEdge>[0] = {}): Promise<RunningEdge> {
  const edge = await runEdge(setup);
  running.push(edge);
  return edge;
}
afterEach(async () => {
  for (const edge of running.splice(0)) await edge.stop();
});

const list = '/2015-03-31/functions';
const get = { method: 'GET' };

/** Everything that comes back for raw bytes until the server hangs up. */
async function raw({ port }: RunningEdge, bytes: string | Buffer): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  socket.write(bytes);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}

describe('health', () => {
  test.each(['/_localstack/health', '/_hearth/health'])('%s answers without credentials', async (path) => {
    const answer = await call(await start(), path, { ...get, headers: { authorization: '' } });
    expect(answer).toMatchObject({ status: 200 });
    expect(JSON.parse(answer.body)).toMatchObject({ services: { lambda: 'running' } });
  });
});

describe('who calls', () => {
  test('an access key of twelve digits is the account, any other leads to 000000000000', async () => {
    const edge = await start();
    await call(edge, list, { ...get, accessKeyId: '123456789012' });
    await call(edge, list, { ...get, accessKeyId: 'test' });
    expect(edge.contexts.map(({ account }) => account)).toEqual(['123456789012', '000000000000']);
    expect(edge.contexts[0]).toMatchObject({
      region: 'us-east-1',
      origin: 'host',
      baseUrl: `http://localhost:${edge.port}`,
      caller: { arn: 'arn:aws:iam::123456789012:root' },
    });
  });

  test('a session that Hearth issued tells its role; a key that Hearth made, its account, until it is deleted', async () => {
    const edge = await start();
    const { accessKeyId, sessionToken } = edge.sessions.issue({
      roleArn: 'arn:aws:iam::222222222222:role/r',
      sessionName: 's',
      durationMs: 1_000,
    });
    await call(edge, list, { ...get, accessKeyId, headers: { 'x-amz-security-token': sessionToken } });
    const key = await edge.keys.create('333333333333');
    await call(edge, list, { ...get, accessKeyId: key?.accessKeyId ?? '' });
    await edge.keys.delete(key?.accessKeyId ?? '');
    await call(edge, list, { ...get, accessKeyId: key?.accessKeyId ?? '' });
    expect(edge.contexts.map(({ caller }) => caller.arn)).toEqual([
      'arn:aws:sts::222222222222:assumed-role/r/s',
      'arn:aws:iam::333333333333:root',
      'arn:aws:iam::000000000000:root',
    ]);
  });

  test.each([
    ['', 403, 'MissingAuthenticationTokenException'],
    ['Bearer x', 403, 'IncompleteSignatureException'],
    ['AWS4-HMAC-SHA256 Credential=a/b/c', 403, 'IncompleteSignatureException'],
    [
      'AWS4-HMAC-SHA256 Credential=a/20260101/../lambda/aws4_request, SignedHeaders=host, Signature=0',
      403,
      'IncompleteSignatureException',
    ],
  ])('credentials %j are refused', async (authorization, status, code) => {
    const headers: Record<string, string> = authorization === '' ? { authorization: '' } : { authorization };
    const answer = await call(await start(), list, { ...get, headers });
    expect(answer).toMatchObject({ status, headers: { 'x-amzn-errortype': code } });
  });

  test('each protocol is refused in its own envelope', async () => {
    const edge = await start();
    const headers = { authorization: '' };
    const logs = await call(edge, '/', {
      headers: { ...headers, 'x-amz-target': 'Logs_20140328.DescribeLogGroups' },
    });
    expect(logs).toMatchObject({ status: 400, headers: { 'content-type': 'application/x-amz-json-1.1' } });
    expect(JSON.parse(logs.body)).toMatchObject({ __type: 'MissingAuthenticationTokenException' });
    const sts = await call(edge, '/', {
      headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'Action=GetCallerIdentity',
    });
    expect(sts.body).toMatch(/^<ErrorResponse.*<Code>MissingAuthenticationToken<\/Code>/);
  });

  test('a service that Hearth does not have is refused by name', async () => {
    const answer = await call(await start(), '/', {
      service: 'sqs',
      headers: { 'x-amz-target': 'AmazonSQS.SendMessage' },
    });
    expect(answer).toMatchObject({ status: 501 });
    expect(answer.body).toContain('Hearth does not implement the service sqs.');
  });

  test('web pages of other sites are refused, and names that were made to point here', async () => {
    const edge = await start();
    const status = async (headers: Record<string, string>) =>
      (await call(edge, list, { ...get, headers })).status;
    expect(await status({ origin: 'https://evil.example' })).toBe(403);
    expect(await status({ 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await status({ host: 'evil.example', 'sec-fetch-site': 'same-origin' })).toBe(403);
    expect(
      await status({
        host: `localhost:${edge.port}`,
        origin: `http://localhost:${edge.port}`,
        'sec-fetch-site': 'same-origin',
      }),
    ).toBe(200);
  });
});

describe('control routes', () => {
  const operator = { authorization: `Bearer ${operatorToken}` };

  test('keys are made, listed without their secret, and deleted, by the operator alone', async () => {
    const edge = await start();
    const made = await call(edge, '/_hearth/keys', { headers: operator, body: '{"account":"123456789012"}' });
    const key = JSON.parse(made.body) as Record<string, string>;
    expect(key).toEqual({
      accessKeyId: expect.stringMatching(/^AKIA[A-Z2-7]{16}$/) as string,
      secretAccessKey: expect.stringMatching(/^[A-Za-z0-9+/]{40}$/) as string,
      account: '123456789012',
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    });
    const listed = await call(edge, '/_hearth/keys', { ...get, headers: operator });
    expect(listed.body).toContain(key['accessKeyId']);
    expect(listed.body).not.toContain('secretAccessKey');
    const gone = { method: 'DELETE', headers: operator };
    expect((await call(edge, `/_hearth/keys/${key['accessKeyId']}`, gone)).status).toBe(204);
    expect((await call(edge, `/_hearth/keys/${key['accessKeyId']}`, gone)).status).toBe(404);
    expect((await call(edge, '/_hearth/keys', { ...get, headers: operator })).body).toBe('[]');
    expect((await call(edge, '/_hearth/keys', { headers: operator, body: '{"account":"x"}' })).status).toBe(
      400,
    );
    for (const headers of [
      { authorization: '' },
      { authorization: 'Bearer wrong' },
      {} as { authorization: string },
    ]) {
      expect((await call(edge, '/_hearth/keys', { ...get, headers })).status).toBe(401);
    }
  });

  test('routes can be added; an unknown one is not found; broken JSON is refused', async () => {
    const edge = await start({
      routes: [{ method: 'POST', path: '/reset', handle: () => ({ status: 204 }) }],
    });
    expect((await call(edge, '/_hearth/reset', { headers: operator })).status).toBe(204);
    expect((await call(edge, '/_hearth/nothing', { headers: operator })).status).toBe(404);
    expect((await call(edge, '/_hearth/keys', { headers: operator, body: '{' })).status).toBe(400);
  });
});

describe('connections out of an environment', () => {
  test('see the same API, marked as such', async () => {
    const edge = await start();
    const bridge = await inside(edge);
    expect((await call(bridge, list, get)).status).toBe(200);
    expect(edge.contexts.map(({ origin }) => origin)).toEqual(['environment']);
    await bridge.stop();
  });

  test('are closed beyond as many as one environment may hold, until one of them is gone', async () => {
    const edge = await start({ limits: { environmentConnections: 1 } });
    const bridge = await inside(edge);
    const first = connect(bridge.port, '127.0.0.1');
    await once(first, 'connect');
    const second = connect(bridge.port, '127.0.0.1').resume();
    await once(second, 'close');
    first.destroy();
    await expect.poll(() => call(bridge, list, get).catch(() => 'closed')).toMatchObject({ status: 200 });
    await bridge.stop();
  });

  test('see no control routes, even with the token', async () => {
    const edge = await start();
    const bridge = await inside(edge);
    const headers = { authorization: `Bearer ${operatorToken}` };
    expect((await call(bridge, '/_hearth/keys', { ...get, headers })).status).toBe(404);
    expect((await call(edge, '/_hearth/keys', { ...get, headers })).status).toBe(200);
    await bridge.stop();
  });
});

describe('downloads', () => {
  test('a valid link yields the file without credentials, any other 403', async () => {
    const edge = await start({
      download: (url) => (url === '/_code/a?s=1' ? { filePath: file() } : undefined),
    });
    const file = (): string => join(edge.folder, 'a.zip');
    writeFileSync(file(), 'zip bytes');
    const headers = { authorization: '' };
    expect(await call(edge, '/_code/a?s=1', { ...get, headers })).toMatchObject({
      status: 200,
      body: readFileSync(file(), 'utf8'),
    });
    expect((await call(edge, '/_code/a?s=2', { ...get, headers })).status).toBe(403);
  });
});

describe('bodies and heads', () => {
  const head = (extra: string): string =>
    `POST /2015-03-31/functions/echo/invocations HTTP/1.1\r\nHost: h\r\nAuthorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=00\r\n${extra}\r\n`;

  test('a truncated body reaches nobody', async () => {
    const edge = await start();
    const socket = connect(edge.port, '127.0.0.1');
    socket.resume().end(`${head('Content-Length: 10\r\n')}{"a"`);
    await once(socket, 'close');
    expect((await call(edge, list, get)).status).toBe(200);
    expect(edge.invocations).toEqual([]);
  });

  test('a head or a body that comes too slowly is hung up on with 408', async () => {
    const edge = await start({ limits: { headTimeoutMs: 100, requestTimeoutMs: 100, timeoutCheckMs: 20 } });
    expect(await raw(edge, 'GET / HTTP/1.1\r\nHo')).toMatch(/^HTTP\/1\.1 408 /);
    expect(await raw(edge, `${head('Content-Length: 10\r\n')}{"a"`)).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('an endless head is refused with 431, what is no HTTP with 400', async () => {
    const edge = await start();
    expect(await raw(edge, `GET / HTTP/1.1\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 .*\r\n\r\n\{"message"/s,
    );
    expect(await raw(edge, 'nonsense\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 .*\r\n\r\n\{"message":"Bad Request"\}$/s,
    );
  });

  test('bodies beyond the common budget are refused, and the budget is given back', async () => {
    const edge = await start({ limits: { bufferedBodyBytes: 1_000 } });
    const path = '/2015-03-31/functions/echo/invocations';
    const body = `"${'x'.repeat(2_000)}"`;
    for (let attempt = 0; attempt < 3; attempt++) {
      expect((await call(edge, path, { body })).status).toBe(429);
      expect((await call(edge, path, { body: '"small"' })).status).toBe(200);
    }
  });

  test('a body beyond every limit is refused unread where its size is declared, cut off where it is not', async () => {
    const edge = await start({ limits: { discardedBodyBytes: 7_000_000 } });
    const answer = await raw(edge, head('Content-Length: 7000001\r\n'));
    expect(answer).toMatch(/^HTTP\/1\.1 413 .*7000001 byte payload is too large/s);
    const chunk = `100000\r\n${'x'.repeat(0x100000)}\r\n`;
    const endless = await raw(edge, `${head('Transfer-Encoding: chunked\r\n')}${chunk.repeat(7)}`);
    expect(endless).toMatch(/^HTTP\/1\.1 413 /);
    expect((await call(edge, list, get)).status).toBe(200);
  });

  test('a large body that is refused for its credentials is read, so that its sender sees why', async () => {
    const edge = await start();
    const answer = await call(edge, list, {
      body: Buffer.alloc(20_000_000, 32),
      headers: { authorization: '' },
    });
    expect(answer.status).toBe(403);
  });

  test('a request for code may be 70 MB, not more, and nothing else so much', async () => {
    const edge = await start();
    const answer = await call(edge, list, { body: Buffer.alloc(70_167_212, 32) });
    expect(answer.status).toBe(413);
    expect(answer.body).toContain(
      'Request must be smaller than 70167211 bytes for the CreateFunction operation',
    );
    const alias = await call(edge, `${list}/f/aliases`, { body: Buffer.alloc(6_291_457, 32) });
    expect(alias.body).toContain('Request must be smaller than 6291456 bytes for the CreateAlias operation');
  });
});

describe('close', () => {
  test('finishes what is being answered, refuses what is new, and leaves no connection', async () => {
    const begun = deferred();
    const finish: Deferred<void> = deferred();
    const edge = await runEdge({
      invoke: async ({ payload }) => {
        begun.resolve();
        await finish.promise;
        return { payload, executedVersion: '1' };
      },
    });
    const idle = connect(edge.port, '127.0.0.1');
    await once(idle, 'connect');
    const idleGone = once(idle, 'close');
    idle.on('error', () => undefined);
    const answered = call(edge, '/2015-03-31/functions/echo/invocations', { body: '1' });
    await begun.promise;
    const stopped = edge.stop();
    await expect(call(edge, list, get)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    finish.resolve();
    expect(await answered).toMatchObject({ status: 200, body: '1' });
    await Promise.all([stopped, idleGone]);
  });
});

test('whatever bytes come, the answer is HTTP or silence, and the next caller is served', async () => {
  const edge = await start({ limits: { headTimeoutMs: 200, requestTimeoutMs: 200, timeoutCheckMs: 50 } });
  const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'BREW');
  const path = fc.oneof(
    fc.webPath(),
    fc.constantFrom(
      '/2015-03-31/functions/%/invocations',
      '/2015-03-31/functions//invocations',
      '/_hearth/keys',
      '/_code/x',
      list,
      '*',
    ),
  );
  const header = fc.tuple(
    fc.constantFrom(
      'Authorization',
      'X-Amz-Date',
      'X-Amz-Target',
      'X-Amz-Security-Token',
      'Content-Type',
      'X-Amz-Client-Context',
    ),
    fc.oneof(
      fc.string(),
      fc.constant(
        'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=00',
      ),
    ),
  );
  const junk = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  const hostile = fc
    .tuple(method, path, fc.array(header, { maxLength: 4 }), junk)
    .map(([verb, target, headers, body]) => {
      const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      const text = `${verb} ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${lines}Content-Length: ${body.length}\r\n\r\n`;
      return Buffer.concat([Buffer.from(text), body]);
    });
  await fc.assert(
    fc.asyncProperty(
      fc.oneof({ weight: 9, arbitrary: hostile }, { weight: 1, arbitrary: junk }),
      async (bytes) => {
        const answer = await raw(edge, Buffer.concat([bytes, Buffer.from('\r\n\r\n')]));
        expect(answer === '' || /^HTTP\/1\.1 (2\d\d|4\d\d|501) /.test(answer)).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
  expect((await call(edge, list, get)).status).toBe(200);
});
