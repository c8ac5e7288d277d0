import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { listen, type RawClient } from '../../tests/support/raw-client.ts';
import { type RuntimeAnswer, type RuntimeObserver, RuntimeSession } from './index.ts';

const REQUESTS = 4_000;

const paths = fc.constantFrom(
  '/2018-06-01/runtime/invocation/next',
  '/2018-06-01/runtime/invocation/wrong-id/response',
  '/2018-06-01/runtime/invocation/wrong-id/error',
  '/2018-06-01/runtime/invocation//response',
  '/2018-06-01/runtime/invocation/../../ping',
  '/2018-06-01/runtime/init/error',
  '/2018-06-01/runtime/restore/next',
  '/2021-04-23/credentials',
  '/2026-01-15/metadata/execution-environment',
  '/2020-01-01/extension/event/next',
  '/2022-07-01/telemetry',
  '/ping',
  '*',
);
const headers = fc.array(
  fc.oneof(
    fc.constantFrom(
      'Connection: keep-alive',
      'Content-Type: application/json',
      'Expect: 100-continue',
      'Lambda-Runtime-Function-Response-Mode: streaming',
      'Lambda-Runtime-Function-Error-Type: Function.X',
      'Transfer-Encoding: chunked',
      'Content-Length: 3',
      'Content-Length: 99999999',
    ),
    fc.string({ maxLength: 40 }),
  ),
  { maxLength: 4 },
);
const wellMeant = fc
  .record({
    method: fc.constantFrom('GET', 'GET', 'POST', 'POST', 'PUT', 'get'),
    path: fc.oneof({ weight: 8, arbitrary: paths }, fc.webPath(), fc.string()),
    headers: fc.oneof(fc.constant<string[]>([]), headers),
    body: fc.oneof(fc.constant('abc'), fc.string(), fc.constant('3\r\nabc\r\n0\r\n\r\n'), fc.json()),
  })
  .map(({ method, path, headers, body }) =>
    Buffer.from(`${method} ${path} HTTP/1.1\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n${body}`),
  );
const noise = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));
/** A request with one byte changed. */
const damaged = fc.tuple(wellMeant, fc.nat(), fc.nat(255)).map(([bytes, at, value]) => {
  const copy = Buffer.from(bytes);
  copy[at % Math.max(1, copy.length)] = value;
  return copy;
});
const requests = fc.oneof(wellMeant, damaged, noise);

async function attack(connect: () => Promise<RawClient>, inputs: readonly Buffer[]): Promise<number[]> {
  const statuses: number[] = [];
  const client = await connect();
  for (const input of inputs) client.write(input);
  client.socket.end();
  for (let reply = await client.reply(); reply; reply = await client.reply()) statuses.push(reply.status);
  return statuses;
}

test('thousands of hostile requests are each refused or answered, and the runtime beside them is not disturbed', async () => {
  const answers: RuntimeAnswer[] = [];
  const ready = Promise.withResolvers<void>();
  const session = new RuntimeSession({
    ready: () => ready.resolve(),
    answered: (answer) => answers.push(answer),
    initFailed: () => expect.unreachable(),
  });
  const connect = await listen((socket) => session.attach(socket));
  const honest = await connect();
  honest.get('/2018-06-01/runtime/invocation/next');
  await ready.promise;
  const invocation = {
    requestId: 'right-id',
    invocationId: 'attempt',
    deadlineMs: 1,
    invokedFunctionArn: 'arn',
    traceHeader: 'Root=1',
    payload: Buffer.from('{}'),
  };
  const streamed: Buffer[] = [];
  session.deliver(invocation, {
    open: () => streamed.push(Buffer.alloc(0)),
    write: (bytes) => streamed.push(bytes) > 0,
    close: () => undefined,
  });
  await honest.reply();

  const inputs = fc.sample(requests, REQUESTS);
  const seen = new Set<number>();
  for (let at = 0; at < inputs.length; at += 20) {
    const groups = [0, 5, 10, 15].map((from) => inputs.slice(at + from, at + from + 5));
    const statuses = await Promise.all(groups.map((group) => attack(connect, group)));
    for (const status of statuses.flat()) seen.add(status);
  }

  expect(
    [...seen].filter((status) => ![100, 200, 400, 403, 404, 405, 413, 431, 501, 505].includes(status)),
  ).toEqual([]);
  expect([...seen]).toEqual(expect.arrayContaining([200, 400, 403, 404, 405, 501]));
  expect([answers, streamed]).toEqual([[], []]);
  honest.post('/2018-06-01/runtime/invocation/right-id/response', '"still here"');
  expect((await honest.reply())?.status).toBe(202);
  expect(answers).toEqual([{ kind: 'response', payload: Buffer.from('"still here"') }]);
});

test.each([
  ['before a line feed', `X-Blank:${' '.repeat(60_000)}\n`],
  ['between two letters', `X-Blank: a${' \t'.repeat(30_000)}b`],
  ['as a name', `${' '.repeat(60_000)}: x`],
])('a head full of blanks %s keeps the server no longer than any other', async (_, line) => {
  const session = new RuntimeSession(silent);
  const connect = await listen((socket) => session.attach(socket));
  const [hostile, honest] = [await connect(), await connect()];
  hostile.get('/ping', `${line}\r\n`);
  expect([200, 400]).toContain((await hostile.reply())?.status);
  honest.get('/ping');
  expect((await honest.reply())?.body).toBe('pong');
});

test('no control character gets through a header field: not into an answer, not into a log', async () => {
  const session = new RuntimeSession(silent);
  const connect = await listen((socket) => session.attach(socket));
  for (const code of [0, 1, 8, 10, 11, 13, 27, 31, 127]) {
    const client = await connect();
    client.get('/ping', `Content-Type: a${String.fromCharCode(code)}b\r\n`);
    expect((await client.reply())?.status, `U+${code.toString(16)}`).toBe(400);
  }
  const client = await connect();
  client.get('/ping', 'Content-Type: \t a\tb \t\r\n');
  expect((await client.reply())?.status).toBe(200);
});

const silent: RuntimeObserver = {
  ready: () => undefined,
  answered: () => undefined,
  initFailed: () => undefined,
};
