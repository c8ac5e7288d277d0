import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { BootstrapProcess, jsonOf } from '../../tests/support/bootstrap-process.ts';
import { foundNodes } from '../../tests/support/interpreters.ts';
import type { Report } from '../../tests/support/runtime-api-server.ts';

/** What a handler made by `awslambda.streamifyResponse` sends to the Runtime API. */
const bootstrap = join(import.meta.dirname, '../../runtimes/nodejs/bootstrap.cjs');
const folder = mkdtempSync(join(tmpdir(), 'hearth-nodes-'));
afterAll(() => rmSync(folder, { recursive: true }));
const nodes = await foundNodes(folder);

const running: BootstrapProcess[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
});

/** `body` is that of the handler: it sees `event`, `stream` and `context`. */
async function start(
  node: { readonly path: string },
  body: string,
  { before = '', signature = 'async (event, stream, context)', options = '{}' } = {},
): Promise<BootstrapProcess> {
  const source = `${before}
    exports.handler = awslambda.streamifyResponse(${signature} => { ${body} }, ${options});`;
  const one = await BootstrapProcess.start({
    command: [node.path, bootstrap],
    files: { 'index.js': source },
    handler: 'index.handler',
  });
  running.push(one);
  return one;
}

/** The error in the trailers of a response. */
function trailerError({ request }: Report): { readonly type?: string; readonly error: unknown } {
  const { trailers = {} } = request;
  const body = Buffer.from(trailers['lambda-runtime-function-error-body'] ?? '', 'base64').toString();
  return { type: trailers['lambda-runtime-function-error-type'] ?? '', error: JSON.parse(body || 'null') };
}

test('an interpreter is there to test with', () => {
  expect(nodes.length).toBeGreaterThan(0);
});

describe.each(nodes)('$name', (node) => {
  test('sends what is written as chunks, with the headers of a stream, one invocation after the other', async () => {
    const fn = await start(
      node,
      `stream.write('a'); stream.write(Buffer.from('b')); stream.write({ c: 1 }); stream.end(event.last);`,
    );
    for (const last of ['x', 'ü']) {
      const { kind, request } = await fn.invoke({ last });
      expect(kind).toBe('response');
      expect(request.body.toString()).toBe(`ab{"c":1}${last}`);
      expect(request.headers).toMatchObject({
        'content-type': 'application/octet-stream',
        'transfer-encoding': 'chunked',
        'lambda-runtime-function-response-mode': 'streaming',
        trailer: 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body',
        'lambda-runtime-invocation-id': expect.stringMatching(/^attempt-\d$/),
      });
      expect(request.trailers).toEqual({});
    }
  });

  test('a pipe that the handler does not wait for is waited for', async () => {
    const fn = await start(node, `Readable.from(['one ', 'two ', 'three']).pipe(stream);`, {
      before: `const { Readable } = require('node:stream');`,
    });
    expect((await fn.invoke({})).request.body.toString()).toBe('one two three');
  });

  test('a stream that ends without a write is an empty response', async () => {
    const fn = await start(node, `stream.end();`);
    const { kind, request } = await fn.invoke({});
    expect([kind, request.body.length, request.trailers]).toEqual(['response', 0, {}]);
  });

  test('more than the platform takes at once is held back: write says so, and drain follows', async () => {
    const fn = await start(
      node,
      `const before = stream.write('x'.repeat(1000)); await new Promise((go) => stream.once('drain', go));
       stream.end(JSON.stringify({ before, mark: stream.writableHighWaterMark }));`,
      { options: '{ highWaterMark: 100 }' },
    );
    const { request } = await fn.invoke({});
    expect(JSON.parse(request.body.toString('utf8', 1_000))).toEqual({ before: false, mark: 100 });
  });

  test('the content type is what was set before the first write, and is not set after', async () => {
    const fn = await start(
      node,
      `stream.setContentType('text/event-stream'); stream.write('a');
       try { stream.setContentType('text/html'); } catch (error) { stream.end(error.name + ': ' + error.message); }`,
    );
    const { request } = await fn.invoke({});
    expect(request.headers['content-type']).toBe('text/event-stream');
    expect(request.body.toString()).toBe(
      'aRuntime.InvalidStreamingOperation: Cannot set content-type, too late.',
    );
  });

  test('HttpResponseStream puts status, headers and cookies in front, and eight zero bytes after them', async () => {
    const fn = await start(
      node,
      `const http = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { a: 'b' }, cookies: ['c=d'] });
       http.write('body'); http.end();`,
    );
    const { request } = await fn.invoke({});
    expect(request.headers['content-type']).toBe('application/vnd.awslambda.http-integration-response');
    expect(request.body.toString()).toBe(
      `{"statusCode":201,"headers":{"a":"b"},"cookies":["c=d"]}${'\0'.repeat(8)}body`,
    );
  });

  test('an error before the first write is a plain error, and the next invocation streams', async () => {
    const fn = await start(node, `if (event.bad) throw new TypeError('too early'); stream.end('fine');`);
    const { kind, request } = await fn.invoke({ bad: true });
    expect(kind).toBe('error');
    expect(jsonOf(request)).toMatchObject({ errorType: 'TypeError', errorMessage: 'too early' });
    expect((await fn.invoke({})).request.body.toString()).toBe('fine');
  });

  test('an error after it comes in the trailers, behind everything that was written', async () => {
    const fn = await start(
      node,
      `for (let part = 0; part < 100; part++) stream.write('x'.repeat(10000)); if (event.bad) throw new RangeError('broke off'); stream.end();`,
    );
    const report = await fn.invoke({ bad: true });
    expect([report.kind, report.request.body.length]).toEqual(['response', 1_000_000]);
    expect(trailerError(report)).toMatchObject({
      type: 'RangeError',
      error: { errorType: 'RangeError', errorMessage: 'broke off', trace: expect.any(Array) },
    });
    expect((await fn.invoke({})).request.trailers).toEqual({});
  });

  test('an error that is too long for trailers comes without its trace, or its type alone', async () => {
    const fn = await start(
      node,
      `stream.write('a'); throw Object.assign(new Error('m'.repeat(event.message)), { stack: 's'.repeat(100000) });`,
    );
    expect(trailerError(await fn.invoke({ message: 10 })).error).toEqual({
      errorType: 'Error',
      errorMessage: 'mmmmmmmmmm',
      trace: [],
    });
    expect(trailerError(await fn.invoke({ message: 100_000 })).error).toEqual({ errorType: 'Error' });
  });

  test('an uncaught exception in the middle comes in the trailers, and ends the process', async () => {
    const fn = await start(
      node,
      `stream.write('a'); setImmediate(() => { throw new Error('uncaught'); }); await new Promise(() => setInterval(() => {}, 1000));`,
    );
    const report = await fn.invoke({});
    expect(report.request.body.toString()).toBe('a');
    expect(trailerError(report)).toMatchObject({ error: { errorMessage: 'uncaught' } });
    expect((await fn.ended).exitCode).toBe(129);
  });

  test.each<[string, string, string, object]>([
    [
      'nothing written',
      '',
      'error',
      { errorType: 'Error', errorMessage: 'Response stream is not finished.' },
    ],
    [
      'something written',
      `stream.write('a');`,
      'response',
      { errorType: 'Error', errorMessage: 'Response stream is not finished.' },
    ],
    [
      'a promise that never settles',
      `stream.write('a'); await new Promise(() => {});`,
      'response',
      { errorType: 'Runtime.NodeJsExit' },
    ],
  ])('a stream that nobody will end is an error: %s', async (_, body, kind, error) => {
    const fn = await start(node, body);
    const report = await fn.invoke({});
    expect(report.kind).toBe(kind);
    const seen = kind === 'error' ? jsonOf(report.request) : trailerError(report).error;
    expect(seen).toMatchObject(error);
    expect((await fn.invoke({})).kind).toBe(kind);
  });

  test('a handler that is not async is refused, a value that it returns is ignored with a warning', async () => {
    const plain = await start(node, '', { signature: '(event, stream)' });
    expect(jsonOf((await plain.invoke({})).request)).toMatchObject({
      errorMessage: 'Streaming does not support non-async handlers.',
    });
    const returning = await start(node, `stream.end('a'); return 'ignored';`);
    expect((await returning.invoke({})).request.body.toString()).toBe('a');
    const { frames } = await returning.stop();
    expect(frames.map(({ message }) => message).join('')).toContain(
      'Streaming handlers ignore return values.',
    );
  });

  test('the next event waits for an empty event loop, unless the handler says otherwise', async () => {
    const fn = await start(
      node,
      `context.callbackWaitsForEmptyEventLoop = event.wait; const before = done; setTimeout(() => { done++; }, 50); stream.end(String(before));`,
      { before: 'let done = 0;' },
    );
    const seen = [];
    for (const wait of [true, true, false, false])
      seen.push((await fn.invoke({ wait })).request.body.toString());
    expect(seen.slice(0, 3)).toEqual(['0', '1', '2']);
    expect(Number(seen[3])).toBeLessThanOrEqual(3);
    const { frames } = await fn.stop();
    expect(frames).toEqual([]);
  });

  test('the context has the flag and no callbacks', async () => {
    const fn = await start(node, `stream.end(JSON.stringify(Object.keys(context)));`);
    const keys: unknown = JSON.parse((await fn.invoke({})).request.body.toString());
    expect(keys).toEqual(expect.arrayContaining(['callbackWaitsForEmptyEventLoop', 'awsRequestId']));
    expect(keys).not.toEqual(expect.arrayContaining(['done']));
  });

  test('what a handler leaves running cannot write into a later response', async () => {
    const fn = await start(
      node,
      `context.callbackWaitsForEmptyEventLoop = false;
       if (left) { left.write('late'); left.end('later'); }
       left = stream; stream.end(event.text);`,
      { before: 'let left;' },
    );
    expect((await fn.invoke({ text: 'one' })).request.body.toString()).toBe('one');
    expect((await fn.invoke({ text: 'two' })).request.body.toString()).toBe('two');
  });

  test('another kind of streaming is refused by its name', async () => {
    const one = await BootstrapProcess.start({
      command: [node.path, bootstrap],
      files: {
        'index.js': `exports.handler = async () => {}; exports.handler[Symbol.for('aws.lambda.runtime.handler.streaming')] = 'request';`,
      },
      handler: 'index.handler',
    });
    running.push(one);
    await one.ended;
    expect(one.api.initErrors.map(jsonOf)).toMatchObject([
      {
        errorType: 'Runtime.MalformedStreamingHandler',
        errorMessage: 'Only response streaming is supported.',
      },
    ]);
  });
});
