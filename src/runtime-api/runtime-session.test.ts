import { expect, test } from 'vitest';
import { listen, type RawClient } from '../../tests/support/raw-client.ts';
import { type InitError, type RuntimeAnswer, type RuntimeInvocation, RuntimeSession } from './index.ts';

const NEXT = '/2018-06-01/runtime/invocation/next';
const INIT_ERROR = '/2018-06-01/runtime/init/error';
const responseOf = (id: string): string => `/2018-06-01/runtime/invocation/${id}/response`;
const errorOf = (id: string): string => `/2018-06-01/runtime/invocation/${id}/error`;

const invocation: RuntimeInvocation = {
  requestId: 'id-1',
  invocationId: 'attempt-1',
  deadlineMs: 1_767_225_600_000,
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:fn',
  traceHeader: 'Root=1-0-0;Parent=0;Sampled=0',
  payload: Buffer.from('{"a":1}'),
};

interface Harness {
  readonly session: RuntimeSession;
  readonly answers: RuntimeAnswer[];
  readonly initErrors: InitError[];
  readonly connect: () => Promise<RawClient>;
  /** Resolves when the runtime has asked for work this many times in all. */
  readonly ready: (times: number) => Promise<void>;
  readonly answered: (times: number) => Promise<void>;
}

async function openSession(): Promise<Harness> {
  const [answers, initErrors]: [RuntimeAnswer[], InitError[]] = [[], []];
  let readies = 0;
  let wake = Promise.withResolvers<void>();
  const note = (change: () => void) => (): void => {
    change();
    wake.resolve();
    wake = Promise.withResolvers();
  };
  const session = new RuntimeSession({
    ready: note(() => readies++),
    answered: (answer) => note(() => answers.push(answer))(),
    initFailed: (error) => note(() => initErrors.push(error))(),
  });
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await wake.promise;
  };
  return {
    session,
    answers,
    initErrors,
    connect: await listen((socket) => session.attach(socket)),
    ready: (times) => until(() => readies >= times),
    answered: (times) => until(() => answers.length >= times),
  };
}

/** A session whose runtime has an invocation in hand. */
async function openRunning(): Promise<Harness & { readonly client: RawClient }> {
  const harness = await openSession();
  const client = await harness.connect();
  client.get(NEXT);
  await harness.ready(1);
  harness.session.deliver(invocation);
  await client.reply();
  return { ...harness, client };
}

function refusal(from: string, to: string): string {
  return JSON.stringify({
    errorMessage: `State transition from ${from} to ${to} failed for runtime. Error: State transition is not allowed`,
    errorType: 'InvalidStateTransition',
  });
}

test('gives the event with every header, and takes the answer', async () => {
  const { session, connect, ready, answers } = await openSession();
  const client = await connect();
  client.get(NEXT);
  await ready(1);
  session.deliver({ ...invocation, clientContext: '{"custom":\r\n{"k":"\u00fc"}}' });
  const event = await client.reply();
  expect(event?.status).toBe(200);
  expect(event?.body).toBe('{"a":1}');
  expect(event?.headers).toEqual({
    'content-type': 'application/json',
    'content-length': '7',
    'lambda-runtime-aws-request-id': 'id-1',
    'lambda-runtime-deadline-ms': '1767225600000',
    'lambda-runtime-invoked-function-arn': invocation.invokedFunctionArn,
    'lambda-runtime-trace-id': invocation.traceHeader,
    'lambda-runtime-invocation-id': 'attempt-1',
    'lambda-runtime-client-context': Buffer.from('{"custom":  {"k":"\u00fc"}}').toString('latin1'),
  });
  client.post(responseOf('id-1'), '"done"');
  expect(await client.reply()).toMatchObject({ status: 202, body: '{"status":"OK"}' });
  expect(answers).toEqual([{ kind: 'response', payload: Buffer.from('"done"') }]);
  expect(session.state).toBe('RuntimeResponseSentState');
});

test('an empty event is an empty object', async () => {
  const { session, connect, ready } = await openSession();
  const client = await connect();
  client.get(NEXT);
  await ready(1);
  session.deliver({ ...invocation, payload: new Uint8Array() });
  expect((await client.reply())?.body).toBe('{}');
});

test('a pipelined answer and question may be answered together with the next event', async () => {
  const { session, client, ready, answers } = await openRunning();
  const body = '"done"';
  client.write(
    `POST ${responseOf('id-1')} HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n${body}GET ${NEXT} HTTP/1.1\r\n\r\n`,
  );
  await ready(2);
  expect(answers).toHaveLength(1);
  session.deliver({ ...invocation, requestId: 'id-2', payload: Buffer.from('2') });
  expect(await client.reply()).toMatchObject({ status: 202 });
  expect(await client.reply()).toMatchObject({ status: 200, body: '2' });
});

test('what was held back for the next event is sent on flush', async () => {
  const { session, client, ready } = await openRunning();
  client.write(
    `POST ${responseOf('id-1')} HTTP/1.1\r\nContent-Length: 1\r\n\r\n1GET ${NEXT} HTTP/1.1\r\n\r\n`,
  );
  await ready(2);
  session.flush();
  expect(await client.reply()).toMatchObject({ status: 202 });
});

test('a large event arrives whole', async () => {
  const { session, connect, ready } = await openSession();
  const client = await connect();
  client.get(NEXT);
  await ready(1);
  session.deliver({ ...invocation, payload: Buffer.alloc(6_291_456, 'x') });
  expect((await client.reply())?.body).toHaveLength(6_291_456);
});

test('an error is passed on as it is; its type is normalised', async () => {
  const cases = [
    ['Function.MyError', 'Function.MyError'],
    ['Runtime.ExitError', 'Runtime.ExitError'],
    ['Function.bad one', 'Function.Unknown'],
    ['TypeError', 'Runtime.Unknown'],
    [undefined, 'Runtime.Unknown'],
  ] as const;
  for (const [sent, errorType] of cases) {
    const { client, answers } = await openRunning();
    client.post(errorOf('id-1'), 'not json', sent ? `Lambda-Runtime-Function-Error-Type: ${sent}\r\n` : '');
    expect((await client.reply())?.status).toBe(202);
    expect(answers).toEqual([{ kind: 'error', payload: Buffer.from('not json'), errorType }]);
  }
});

test('a wrong request id is refused with 400, and the right one still works', async () => {
  const { client, answers } = await openRunning();
  client.post(responseOf('other'), '1');
  expect(await client.reply()).toMatchObject({
    status: 400,
    body: '{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}',
  });
  client.post(responseOf('id-1'), '1', 'Lambda-Runtime-Invocation-Id: another\r\n');
  expect(await client.reply()).toMatchObject({
    status: 400,
    body: expect.stringContaining('InvalidInvocationId'),
  });
  expect(answers).toEqual([]);
  client.post(responseOf('id-1'), '1', 'Lambda-Runtime-Invocation-Id: attempt-1\r\n');
  expect((await client.reply())?.status).toBe(202);
});

test('what comes out of turn is refused in the words of AWS', async () => {
  const { client } = await openRunning();
  client.get(NEXT);
  expect(await client.reply()).toMatchObject({ status: 403, body: refusal('Running', 'Ready') });
  client.post(INIT_ERROR, '{}');
  expect(await client.reply()).toMatchObject({ status: 403, body: refusal('Running', 'InitError') });
  client.post(responseOf('id-1'), '1');
  expect((await client.reply())?.status).toBe(202);
  client.post(responseOf('id-1'), '2');
  expect(await client.reply()).toMatchObject({
    status: 403,
    body: refusal('RuntimeResponseSentState', 'InvocationResponse'),
  });
  client.post(errorOf('id-1'), '{}');
  expect(await client.reply()).toMatchObject({
    status: 403,
    body: refusal('RuntimeResponseSentState', 'InvocationErrorResponse'),
  });
});

test('an Init error is taken before the first question only', async () => {
  const { connect, initErrors } = await openSession();
  const client = await connect();
  client.post(
    INIT_ERROR,
    '{"errorType":"X"}',
    'Lambda-Runtime-Function-Error-Type: Runtime.NoSuchHandler\r\n',
  );
  expect((await client.reply())?.status).toBe(202);
  expect(initErrors).toEqual([
    { payload: Buffer.from('{"errorType":"X"}'), errorType: 'Runtime.NoSuchHandler' },
  ]);
  client.get(NEXT);
  expect(await client.reply()).toMatchObject({ status: 403, body: refusal('InitError', 'Ready') });
});

test('a second question waits like the first, and one of them gets the event', async () => {
  const { session, connect, ready } = await openSession();
  const [first, second] = [await connect(), await connect()];
  first.get(NEXT);
  await ready(1);
  second.get(NEXT).get('/ping');
  const answered = Promise.race([first.reply(), second.reply()]);
  session.deliver(invocation);
  expect((await answered)?.body).toBe('{"a":1}');
});

test('a question that was cut off does not lose the event', async () => {
  const { session, connect, ready } = await openSession();
  const first = await connect();
  first.get(NEXT);
  await ready(1);
  first.socket.destroy();
  const second = await connect();
  second.get('/ping');
  expect((await second.reply())?.body).toBe('pong');
  session.deliver(invocation);
  second.get(NEXT);
  expect((await second.reply())?.body).toBe('{"a":1}');
});

test('a response that is cut off ends the invocation', async () => {
  const { client, answered, answers } = await openRunning();
  client.write(`POST ${responseOf('id-1')} HTTP/1.1\r\nContent-Length: 100\r\n\r\nonly this`);
  client.socket.end();
  await answered(1);
  expect(answers).toEqual([{ kind: 'refused', reason: 'truncated' }]);
});

test('what Hearth does not have says so by name', async () => {
  const { connect } = await openSession();
  const client = await connect();
  for (const path of ['/2018-06-01/runtime/restore/next', '/2021-04-23/credentials']) {
    client.get(path);
    expect((await client.reply())?.status).toBe(404);
  }
  client.get('/nothing');
  expect((await client.reply())?.status).toBe(404);
  client.post(NEXT, '');
  expect((await client.reply())?.status).toBe(405);
});

test('connections past the limit are cut, the others work on', async () => {
  const { session, connect } = await openSession();
  const first = await connect();
  const others = await Promise.all(Array.from({ length: 40 }, connect));
  await Promise.race(others.map((other) => other.closed()));
  first.get('/ping');
  expect((await first.reply())?.body).toBe('pong');
  session.close();
  await Promise.all([first, ...others].map((client) => client.closed()));
});
