import {
  InvokeWithResponseStreamCommand,
  type LambdaClient,
  PutFunctionConcurrencyCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect } from 'vitest';
import { createFunction, createNode, invoke, lambdaClient } from '../support/functions.ts';
import { type RunningHearth, startHearth } from '../support/hearth.ts';
import { needs, programs } from '../support/programs.ts';

/** Streamed responses out of real sandboxes: Node.js, and custom runtimes that do it by hand. */
const test = needs(programs.runc && process.getuid?.() === 0, 'runc, as root');

let hearth: RunningHearth;
let client: LambdaClient;

beforeAll(async () => {
  if (!programs.runc) return;
  hearth = await startHearth({ args: ['--sandbox', 'oci'] });
  client = lambdaClient(hearth.endpoint);
});

afterAll(async () => {
  client?.destroy();
  await hearth?.dispose();
});

interface Streamed {
  readonly text: string;
  readonly bytes: number;
  readonly errorCode: string | undefined;
  readonly errorDetails: string | undefined;
  readonly log: string;
}

async function stream(name: string, event: object): Promise<Streamed> {
  const { EventStream } = await client.send(
    new InvokeWithResponseStreamCommand({
      FunctionName: name,
      Payload: JSON.stringify(event),
      LogType: 'Tail',
    }),
  );
  let [text, bytes] = ['', 0];
  for await (const { PayloadChunk, InvokeComplete } of EventStream ?? []) {
    const chunk = Buffer.from(PayloadChunk?.Payload ?? []);
    bytes += chunk.length;
    if (text.length < 10_000) text += chunk.toString();
    if (!InvokeComplete) continue;
    const { ErrorCode, ErrorDetails, LogResult } = InvokeComplete;
    const log = Buffer.from(LogResult ?? '', 'base64').toString();
    return { text, bytes, errorCode: ErrorCode, errorDetails: ErrorDetails, log };
  }
  throw new Error('the stream had no end');
}

const NODE = `
  export const handler = awslambda.streamifyResponse(async (event, stream) => {
    stream.write('first ');
    if (event.bytes) stream.write(Buffer.alloc(event.bytes, 'x'));
    if (event.memory) { const hold = []; for (;;) hold.push(Buffer.alloc(4 << 20, 1)); }
    if (event.late) throw new RangeError(event.late);
    stream.end('last');
  });`;

test('Node.js: 8 MB arrive whole, an error comes behind its bytes, and Invoke gets the same', async () => {
  await createNode(client, 'node', NODE, { Timeout: 30, MemorySize: 256 });
  const streamed = await stream('node', {});
  expect(streamed.text).toBe('first last');
  expect(streamed.log).toMatch(/^START[^]*REPORT .*\tInit Duration: .* ms\t\n$/);
  const large = await stream('node', { bytes: 8 * 1_048_576 });
  expect([large.bytes, large.errorCode]).toEqual([8 * 1_048_576 + 10, undefined]);
  const broken = await stream('node', { late: 'broke off' });
  expect(broken).toMatchObject({ text: 'first ', errorCode: 'RangeError' });
  expect(JSON.parse(broken.errorDetails ?? '')).toMatchObject({ errorMessage: 'broke off' });
  expect(await invoke(client, 'node', { late: 'broke off' })).toMatchObject({
    functionError: 'Unhandled',
    payload: { errorMessage: 'broke off' },
  });
});

test('Node.js: a kill for memory in the middle is told, and the environment starts over', async () => {
  await createNode(client, 'hungry', NODE, { Timeout: 30, MemorySize: 128 });
  const killed = await stream('hungry', { memory: true });
  expect(killed).toMatchObject({
    text: expect.stringMatching(/^(first )?$/),
    errorCode: 'Runtime.OutOfMemory',
  });
  expect(killed.log).toContain('Error Type: Runtime.OutOfMemory');
  expect((await stream('hungry', {})).text).toBe('first last');
});

test('Node.js: a reader who leaves is not missed: the function runs to its end, in the environment that it has', async () => {
  await createNode(
    client,
    'left',
    `let ended = 0;
     export const handler = awslambda.streamifyResponse(async (event, stream) => {
       if (event.ask) return void stream.end(String(ended));
       for (let piece = 0; piece < 40; piece++) {
         if (!stream.write(Buffer.alloc(100_000, 'x'))) await new Promise((go) => stream.once('drain', go));
       }
       stream.end();
       ended++;
     });`,
    { Timeout: 30 },
  );
  const alone = { FunctionName: 'left', ReservedConcurrentExecutions: 1 };
  await client.send(new PutFunctionConcurrencyCommand(alone));
  const { EventStream } = await client.send(
    new InvokeWithResponseStreamCommand({ FunctionName: 'left', Payload: '{}' }),
  );
  for await (const event of EventStream ?? []) if (event.PayloadChunk) break;
  client.destroy();
  client = lambdaClient(hearth.endpoint);
  // Until then the function is busy, and the call is throttled.
  const asked = (): Promise<string> => stream('left', { ask: true }).then(({ text }) => text, String);
  await expect.poll(asked, { timeout: 30_000 }).toBe('1');
});

const SHELL = `#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while true; do
  curl -sS -D /tmp/head -o /tmp/event "$api/next"
  id=$(tr -d '\\r' < /tmp/head | sed -n 's/^[Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d: //p')
  { echo one; if grep -q hang /tmp/event; then sleep 60; fi; echo two; } |
    curl -sS -o /dev/null -X POST -T - -N -H 'Expect:' -H 'Transfer-Encoding: chunked' \\
      -H 'Lambda-Runtime-Function-Response-Mode: streaming' -H 'Content-Type: text/plain' "$api/$id/response"
done
`;

test('a runtime of shell and curl: a line has arrived long before the timeout cuts the next one off', async () => {
  await createFunction(client, {
    name: 'shell',
    files: { bootstrap: SHELL },
    Runtime: 'provided.al2023',
    Handler: 'none',
    MemorySize: 1_769,
    Timeout: 5,
  });
  for (const _ of ['cold', 'warm']) {
    expect(await stream('shell', {})).toMatchObject({ text: 'one\ntwo\n', errorCode: undefined });
  }
  expect(await stream('shell', { hang: true })).toMatchObject({
    text: 'one\n',
    errorCode: 'Sandbox.Timedout',
  });
  expect((await stream('shell', {})).text).toBe('one\ntwo\n');
});

const PYTHON = `#!/usr/bin/python3
import base64, http.client, json, os
api = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])
base = '/2018-06-01/runtime/invocation/'
while True:
    api.request('GET', base + 'next')
    answer = api.getresponse()
    event, id = json.loads(answer.read()), answer.headers['Lambda-Runtime-Aws-Request-Id']
    api.putrequest('POST', base + id + '/response')
    api.putheader('Lambda-Runtime-Function-Response-Mode', 'streaming')
    api.putheader('Transfer-Encoding', 'chunked')
    api.putheader('Trailer', 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body')
    api.endheaders()
    for part in event['parts']:
        api.send(b'%x\\r\\n%s\\r\\n' % (len(part), part.encode()))
    error = base64.b64encode(json.dumps({'errorMessage': event['error']}).encode())
    trailers = b'Lambda-Runtime-Function-Error-Type: My.Error\\r\\nLambda-Runtime-Function-Error-Body: %s\\r\\n' % error
    api.send(b'0\\r\\n' + (trailers if event['error'] else b'') + b'\\r\\n')
    api.getresponse().read()
`;

test('a runtime of Python breaks off with an error of its own in the trailers', async () => {
  await createFunction(client, {
    name: 'by-hand',
    files: { bootstrap: PYTHON },
    Runtime: 'provided.al2023',
    Handler: 'none',
  });
  expect(await stream('by-hand', { parts: ['a', 'b'], error: '' })).toMatchObject({
    text: 'ab',
    errorCode: undefined,
  });
  expect(await stream('by-hand', { parts: ['a'], error: 'gone' })).toMatchObject({
    text: 'a',
    errorCode: 'My.Error',
    errorDetails: '{"errorMessage": "gone"}',
  });
});
