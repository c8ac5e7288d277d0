import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { InvokeWithResponseStreamCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterEach, describe, expect, test } from 'vitest';
import type { InvocationOutcome, InvocationRequest } from '../invoke/index.ts';
import { awsError } from '../model/index.ts';
import { call, type RunningEdge, runEdge } from './edge.fixture.ts';

/** What the caller of an InvokeWithResponseStream gets; the function is played by the test. */
const path = '/2021-11-15/functions/fn/response-streaming-invocations';

let edge: RunningEdge | undefined;
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) close();
  await edge?.stop();
});

async function start(
  invoke: (request: InvocationRequest) => Promise<InvocationOutcome>,
  setup: Parameters<typeof runEdge>[0] = {},
): Promise<RunningEdge> {
  edge = await runEdge({ invoke, ...setup });
  return edge;
}

function client(
  endpoint: string,
  credentials = { accessKeyId: 'test', secretAccessKey: 'any' },
): LambdaClient {
  const made = new LambdaClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  closing.push(() => made.destroy());
  return made;
}

/** The function's side of a stream. */
class Writer {
  readonly #request: InvocationRequest;
  #resumed: (() => void) | undefined;

  constructor(request: InvocationRequest) {
    this.#request = request;
    request.responseStream?.open({ executedVersion: '7', contentType: 'text/html' }, () => this.#resumed?.());
  }

  /** Whether there was room. */
  put(bytes: Buffer): boolean {
    return this.#request.responseStream?.write(bytes) ?? true;
  }

  /** After `put` said that there is no room. */
  room(): Promise<void> {
    return new Promise((resolve) => (this.#resumed = resolve));
  }
}

const done: InvocationOutcome = { payload: Buffer.alloc(0), executedVersion: '7' };
const failed = (payload: string, more: Partial<InvocationOutcome> = {}): InvocationOutcome => ({
  payload: Buffer.from(payload),
  functionError: 'Unhandled',
  executedVersion: '7',
  ...more,
});

interface Events {
  readonly text: string;
  readonly chunks: number;
  readonly complete: object | undefined;
}

async function read(stream: AsyncIterable<object> | undefined): Promise<Events> {
  let [text, chunks, complete]: [string, number, object | undefined] = ['', 0, undefined];
  for await (const event of stream ?? []) {
    if ('PayloadChunk' in event) {
      const { Payload } = event.PayloadChunk as { Payload: Uint8Array };
      [text, chunks] = [text + Buffer.from(Payload).toString(), chunks + 1];
    }
    if ('InvokeComplete' in event) complete = event.InvokeComplete as object;
  }
  return { text, chunks, complete };
}

describe('through the AWS SDK', () => {
  test('a chunk arrives before the function goes on; version, request id and type come first', async () => {
    const goOn = Promise.withResolvers<void>();
    const running = await start(async (request) => {
      const writer = new Writer(request);
      writer.put(Buffer.from('first'));
      await goOn.promise;
      writer.put(Buffer.from('second'));
      return done;
    });
    const answer = await client(running.endpoint).send(
      new InvokeWithResponseStreamCommand({ FunctionName: 'fn', Qualifier: 'live', Payload: '{"a":1}' }),
    );
    expect(answer).toMatchObject({
      StatusCode: 200,
      ExecutedVersion: '7',
      ResponseStreamContentType: 'application/vnd.amazon.eventstream',
    });
    const seen: string[] = [];
    for await (const event of answer.EventStream ?? []) {
      seen.push(Buffer.from(event.PayloadChunk?.Payload ?? []).toString());
      goOn.resolve();
    }
    expect(seen).toEqual(['first', 'second', '']);
    const [invocation] = running.invocations;
    expect(answer.$metadata.requestId).toBe(invocation?.requestId);
    expect(invocation?.address).toMatchObject({ name: 'fn', qualifier: 'live' });
    expect(Buffer.from(invocation?.payload ?? []).toString()).toBe('{"a":1}');
  });

  test.each<[string, InvocationOutcome, Events]>([
    [
      'an answer that is not streamed is one chunk',
      { payload: Buffer.from('"whole"'), executedVersion: '7' },
      { text: '"whole"', chunks: 1, complete: {} },
    ],
    [
      'the log comes last',
      { ...done, logTail: Buffer.from('END') },
      { text: '', chunks: 0, complete: { LogResult: 'RU5E' } },
    ],
    [
      'an error of the function is code and details',
      failed('{"errorType":"TypeError","errorMessage":"m"}'),
      {
        text: '',
        chunks: 0,
        complete: { ErrorCode: 'TypeError', ErrorDetails: '{"errorType":"TypeError","errorMessage":"m"}' },
      },
    ],
    [
      'an error that the stream named goes by that name',
      failed('{"errorType":"Inner"}', { streamErrorType: 'Outer' }),
      { text: '', chunks: 0, complete: { ErrorCode: 'Outer', ErrorDetails: '{"errorType":"Inner"}' } },
    ],
    [
      'an error of any other form is Unhandled',
      failed('no JSON'),
      { text: '', chunks: 0, complete: { ErrorCode: 'Unhandled', ErrorDetails: 'no JSON' } },
    ],
  ])('%s', async (_, outcome, expected) => {
    const running = await start(async () => outcome);
    const answer = await client(running.endpoint).send(
      new InvokeWithResponseStreamCommand({ FunctionName: 'fn', LogType: 'Tail' }),
    );
    expect(await read(answer.EventStream)).toEqual(expected);
    expect(running.invocations[0]?.tail).toBe(true);
  });

  test('what was written before an error stays; a failure of the platform is told behind it', async () => {
    const running = await start(async (request) => {
      new Writer(request).put(Buffer.from('part'));
      throw awsError('ServiceException', 'lost');
    });
    const answer = await client(running.endpoint).send(
      new InvokeWithResponseStreamCommand({ FunctionName: 'fn' }),
    );
    expect(await read(answer.EventStream)).toEqual({
      text: 'part',
      chunks: 1,
      complete: { ErrorCode: 'ServiceException', ErrorDetails: 'lost' },
    });
  });

  test('a function that did not run is an error of the call', async () => {
    const running = await start(() =>
      Promise.reject(awsError('TooManyRequestsException', 'Rate Exceeded.', { members: { Reason: 'X' } })),
    );
    const refused = client(running.endpoint).send(
      new InvokeWithResponseStreamCommand({ FunctionName: 'fn' }),
    );
    await expect(refused).rejects.toMatchObject({ name: 'TooManyRequestsException', Reason: 'X' });
  });

  test('with keys, the payload is part of what is signed', async () => {
    const running = await start(async () => done, { auth: 'keys' });
    const key = await running.keys.create('000000000000');
    const signing = client(running.endpoint, key ?? { accessKeyId: '', secretAccessKey: '' });
    const invoke = () =>
      signing.send(new InvokeWithResponseStreamCommand({ FunctionName: 'fn', Payload: '{"a":1}' }));
    expect((await invoke()).StatusCode).toBe(200);
    signing.middlewareStack.add(
      (next) => (args) => {
        Object.assign(args.request as object, { body: Buffer.from('{"a":2}') });
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    await expect(invoke()).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
    expect(running.invocations).toHaveLength(1);
  });
});

describe('what is refused before the function runs', () => {
  test.each<[string, { path?: string; headers?: Record<string, string>; body?: string }, number, RegExp]>([
    ['a payload that is not JSON', { body: '{{' }, 400, /^Could not parse request body into json/],
    ['more than 6 MB', { body: `"${'x'.repeat(6_291_456)}"` }, 413, /too large for the RequestResponse/],
    [
      'an event for later, which this operation does not have',
      { headers: { 'x-amz-invocation-type': 'Event' } },
      400,
      /Value 'Event' at 'invocationType' failed .* enum value set: \[/,
    ],
    [
      'an unknown kind of log',
      { headers: { 'x-amz-log-type': 'Head' } },
      400,
      /Value 'Head' at 'logType' failed to satisfy constraint/,
    ],
    [
      'a tenant whose id AWS would not take',
      { headers: { 'x-amz-tenant-id': 'a,b' } },
      400,
      /Value 'a,b' at 'tenantId' failed to satisfy constraint/,
    ],
    [
      'a client context that is no JSON',
      { headers: { 'x-amz-client-context': 'e30xx' } },
      400,
      /valid Base64-encoded JSON object/,
    ],
    [
      'different qualifiers',
      { path: path.replace('fn', 'fn%3A1') + '?Qualifier=2' },
      400,
      /does not match the specified qualifier/,
    ],
    [
      'a dry run of a missing function',
      { headers: { 'x-amz-invocation-type': 'DryRun' } },
      404,
      /^Function not found: fn/,
    ],
    [
      'a function of another account',
      { path: path.replace('fn', 'arn%3Aaws%3Alambda%3Aus-east-1%3A111111111111%3Afunction%3Afn') },
      403,
      /not yours/,
    ],
  ])('%s', async (_, options, status, message) => {
    const running = await start(async () => done);
    const answer = await call(running, options.path ?? path, options);
    const body = JSON.parse(answer.body) as { message?: string; Message?: string };
    expect(answer.status).toBe(status);
    expect(body.message ?? body.Message).toMatch(message);
    expect(running.invocations).toEqual([]);
  });

  test('a GET is no invocation', async () => {
    const running = await start(async () => done);
    expect((await call(running, path, { method: 'GET' })).status).toBe(404);
  });
});

describe('readers that do not read', () => {
  const piece = Buffer.alloc(65_536, 'x');
  const whole = 209_715_200;

  async function slowReader({ port }: RunningEdge): Promise<Socket> {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    closing.push(() => socket.destroy());
    await once(socket, 'connect');
    const authorization =
      'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=00';
    socket
      .pause()
      .write(
        `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Length: 0\r\n\r\n`,
      );
    return socket;
  }

  /** An invoker that writes 200 MB, and says how much it had written when there was first no room. */
  function streamer() {
    const [blocked, ended] = [Promise.withResolvers<number>(), Promise.withResolvers<void>()];
    const invoke = async (request: InvocationRequest): Promise<InvocationOutcome> => {
      const writer = new Writer(request);
      for (let bytes = 0; bytes < whole; bytes += piece.length) {
        if (writer.put(piece)) continue;
        blocked.resolve(bytes);
        await writer.room();
      }
      ended.resolve();
      return done;
    };
    return { invoke, blocked: blocked.promise, ended: ended.promise };
  }

  test('stop the function after what sockets hold, and have all of it when they read', async () => {
    const { invoke, blocked, ended } = streamer();
    const running = await start(invoke);
    const socket = await slowReader(running);
    expect(await blocked).toBeLessThan(20 * 1_048_576);
    let bytes = 0;
    socket.on('data', (chunk: Buffer) => (bytes += chunk.length)).resume();
    await ended;
    await expect.poll(() => bytes).toBeGreaterThan(whole);
  });

  test('let the function go on to its end when they leave', async () => {
    const { invoke, blocked, ended } = streamer();
    const running = await start(invoke);
    const socket = await slowReader(running);
    await blocked;
    socket.destroy();
    await ended;
    expect(running.edge.requests.inFlight).toBe(0);
  });

  test('are given up when they take nothing for long, and the function goes on', async () => {
    const { invoke, ended } = streamer();
    const running = await start(invoke, { limits: { unreadStallMs: 300 } });
    const socket = await slowReader(running);
    await ended;
    socket.resume();
    await once(socket, 'close');
  });

  test('a function that is silent for longer than that is waited for', async () => {
    const slow = streamer();
    const invoke = async (request: InvocationRequest): Promise<InvocationOutcome> => {
      if (request.payload.length === 0) return slow.invoke(request);
      const writer = new Writer(request);
      writer.put(Buffer.from('a'));
      // One whose reader does not read begins after this one, and ends when that is given up.
      await slowReader(running);
      await slow.ended;
      writer.put(Buffer.from('b'));
      return done;
    };
    const running = await start(invoke, { limits: { unreadStallMs: 100 } });
    const answer = await client(running.endpoint).send(
      new InvokeWithResponseStreamCommand({ FunctionName: 'fn', Payload: '1' }),
    );
    expect(await read(answer.EventStream)).toEqual({ text: 'ab', chunks: 2, complete: {} });
  });
});
