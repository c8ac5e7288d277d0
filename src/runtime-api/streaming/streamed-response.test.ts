import { expect, test } from 'vitest';
import { listen, type RawClient } from '../../../tests/support/raw-client.ts';
import { type RuntimeAnswer, type RuntimeInvocation, RuntimeSession } from '../index.ts';

const NEXT = '/2018-06-01/runtime/invocation/next';
const RESPONSE = '/2018-06-01/runtime/invocation/id-1/response';
const STREAMING = 'Lambda-Runtime-Function-Response-Mode: streaming\r\n';
const CHUNKED_HEAD = `POST ${RESPONSE} HTTP/1.1\r\n${STREAMING}Content-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n`;

const invocation: RuntimeInvocation = {
  requestId: 'id-1',
  invocationId: 'attempt-1',
  deadlineMs: 0,
  invokedFunctionArn: 'arn',
  traceHeader: '',
  payload: Buffer.from('{}'),
};

/** A session whose runtime has an invocation in hand that somebody reads while it comes. */
class Session {
  readonly answers: RuntimeAnswer[] = [];
  readonly pieces: string[] = [];
  bytes = 0;
  contentType: string | undefined;
  hasRoom = true;
  resume: () => void = () => undefined;
  closed = 0;
  #readies = 0;
  #change = Promise.withResolvers<void>();
  readonly session: RuntimeSession;
  connect: () => Promise<RawClient> = () => Promise.reject(new Error('not listening'));

  constructor() {
    this.session = new RuntimeSession({
      ready: () => this.#note(() => this.#readies++),
      answered: (answer) => this.#note(() => this.answers.push(answer)),
      initFailed: () => undefined,
    });
  }

  static async running(): Promise<{ readonly it: Session; readonly client: RawClient }> {
    const it = new Session();
    it.connect = await listen((socket) => it.session.attach(socket));
    const client = await it.connect();
    client.get(NEXT);
    await it.until(() => it.#readies === 1);
    it.session.deliver(invocation, it.#reader);
    await client.reply();
    return { it, client };
  }

  readonly #reader = {
    open: ({ contentType }: { readonly contentType?: string }, resume: () => void) =>
      this.#note(() => ([this.contentType, this.resume] = [contentType, resume])),
    write: (bytes: Buffer) => {
      this.#note(() => {
        this.bytes += bytes.length;
        if (this.bytes < 1_000) this.pieces.push(bytes.toString());
      });
      return this.hasRoom;
    },
    close: () => this.closed++,
  };

  #note(change: () => void): void {
    change();
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.#change.promise;
  }

  /** Everything that was readable has been read, several times over. */
  async settled(): Promise<void> {
    const other = await this.connect();
    for (let times = 0; times < 20; times++) {
      other.get('/ping');
      await other.reply();
    }
  }
}

const refusal = (from: string, to: string): string =>
  `State transition from ${from} to ${to} failed for runtime. Error: State transition is not allowed`;

test('each piece is passed on when it comes, before the response is complete', async () => {
  const { it, client } = await Session.running();
  client.write(CHUNKED_HEAD);
  await it.until(() => it.contentType === 'text/html');
  client.write('5\r\nfirst\r\n');
  await it.until(() => it.pieces.length === 1);
  client.write('6\r\nsecond\r\n1\r\n!\r\n');
  await it.until(() => it.pieces.length === 2);
  expect(it.pieces).toEqual(['first', 'second!']);
  expect([it.answers, it.session.state]).toEqual([[], 'InvocationResponse']);
  client.write('0\r\n\r\n');
  expect(await client.reply()).toMatchObject({ status: 202 });
  expect([it.answers, it.session.state]).toEqual([[{ kind: 'streamed' }], 'RuntimeResponseSentState']);
  expect(it.closed).toBeGreaterThan(0);
});

test('a stream is the same however it is split', async () => {
  const { it, client } = await Session.running();
  client.socket.setNoDelay(true);
  const text = `${CHUNKED_HEAD}3;ext=1\r\nabc\r\n004\r\ndefg\r\n0\r\nLambda-Runtime-Function-Error-Type: Odd\r\n\r\n`;
  for (const byte of Buffer.from(text)) {
    client.write(Uint8Array.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await client.reply()).toMatchObject({ status: 202 });
  expect(it.pieces.join('')).toBe('abcdefg');
  expect(it.answers).toMatchObject([{ kind: 'streamed-error', type: 'Odd' }]);
});

test('a body with a length is passed on just so', async () => {
  const { it, client } = await Session.running();
  client.post(RESPONSE, 'whole', STREAMING);
  expect(await client.reply()).toMatchObject({ status: 202 });
  expect([it.pieces, it.answers]).toEqual([['whole'], [{ kind: 'streamed' }]]);
});

test('while there is a stream, neither an error nor a question is taken, on whichever connection', async () => {
  const { it, client } = await Session.running();
  client.write(`${CHUNKED_HEAD}1\r\na\r\n`);
  await it.until(() => it.pieces.length === 1);
  const other = await it.connect();
  other.post('/2018-06-01/runtime/invocation/id-1/error', '{}');
  expect(JSON.parse((await other.reply())?.body ?? '')).toMatchObject({
    errorMessage: refusal('InvocationResponse', 'InvocationErrorResponse'),
  });
  other.post(RESPONSE, 'x', STREAMING);
  expect(await other.reply()).toMatchObject({ status: 403 });
  other.get(NEXT);
  expect(await other.reply()).toMatchObject({ status: 403 });
  expect(it.pieces).toEqual(['a']);
});

test('the trailers name an error; its body is base64, its type is normalised for the log', async () => {
  const { it, client } = await Session.running();
  const body = Buffer.from('{"errorMessage":"no"}').toString('base64');
  client.write(
    `${CHUNKED_HEAD}1\r\na\r\n0\r\nLambda-Runtime-Function-Error-Type: Odd\r\nLambda-Runtime-Function-Error-Body: ${body}\r\n\r\n`,
  );
  expect(await client.reply()).toMatchObject({ status: 202 });
  expect(it.answers).toEqual([
    {
      kind: 'streamed-error',
      payload: Buffer.from('{"errorMessage":"no"}'),
      errorType: 'Runtime.Unknown',
      type: 'Odd',
    },
  ]);
});

test.each([
  ['a field that is none', 'no colon\r\n\r\n', 400],
  ['more than fits into a head', `A: ${'x'.repeat(70_000)}`, 431],
  [
    'more fields than a head has',
    `${Array.from({ length: 101 }, (_, n) => `A${n}: x\r\n`).join('')}\r\n`,
    400,
  ],
])('trailers with %s are refused', async (_, trailers, status) => {
  const { it, client } = await Session.running();
  client.write(`${CHUNKED_HEAD}1\r\na\r\n0\r\n${trailers}`);
  expect(await client.reply()).toMatchObject({ status });
  expect(it.answers).toEqual([]);
});

test('trailers of many kilobytes arrive whole, in whatever pieces', async () => {
  const { it, client } = await Session.running();
  const body = Buffer.from(JSON.stringify({ errorMessage: 'm'.repeat(40_000) })).toString('base64');
  const text = `${CHUNKED_HEAD}0\r\nLambda-Runtime-Function-Error-Body: ${body}\r\n\r\n`;
  for (let at = 0; at < text.length; at += 5_000) {
    client.write(text.slice(at, at + 5_000));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await client.reply()).toMatchObject({ status: 202 });
  expect(it.answers[0]).toMatchObject({ type: 'Runtime.Unknown', payload: Buffer.from(body, 'base64') });
});

test('a reader without room stops the runtime: what it writes stays with it', async () => {
  const { it, client } = await Session.running();
  it.hasRoom = false;
  const piece = Buffer.alloc(1_048_576, 'x');
  client.write(CHUNKED_HEAD);
  for (let count = 0; count < 50; count++) client.write('100000\r\n').write(piece).write('\r\n');
  await it.until(() => it.bytes > 0);
  await it.settled();
  expect(it.bytes).toBeLessThanOrEqual(65_536);
  // The rest lies in the buffers of the kernel, a few megabytes, and with the writer.
  expect(client.socket.writableLength).toBeGreaterThan(30 * 1_048_576);
  const before = it.bytes;
  it.resume();
  await it.until(() => it.bytes > before);
  await it.settled();
  expect(it.bytes).toBeLessThanOrEqual(before + 65_536);
  it.hasRoom = true;
  it.resume();
  client.write('0\r\n\r\n');
  expect(await client.reply()).toMatchObject({ status: 202 });
  expect(it.bytes).toBe(50 * 1_048_576);
});

test('chunks of one byte are passed on in pieces as large as they came', async () => {
  const { it, client } = await Session.running();
  client.write(`${CHUNKED_HEAD}${'1\r\nx\r\n'.repeat(900)}0\r\n\r\n`);
  expect(await client.reply()).toMatchObject({ status: 202 });
  expect(it.pieces.join('')).toBe('x'.repeat(900));
  expect(it.pieces.length).toBeLessThan(5);
});

test('a stream that is cut off is told of when the runtime goes on, not before', async () => {
  const { it, client } = await Session.running();
  client.write(`${CHUNKED_HEAD}5\r\nfirst`);
  await it.until(() => it.pieces.length === 1);
  client.socket.destroy();
  await it.settled();
  expect(it.answers).toEqual([]);
  const other = await it.connect();
  other.get(NEXT);
  await it.until(() => it.answers.length > 0);
  expect(it.answers).toEqual([{ kind: 'refused', reason: 'truncated' }]);
  it.session.deliver({ ...invocation, requestId: 'id-2' });
  expect(await other.reply()).toMatchObject({ status: 200 });
});

test('what comes after a malformed chunk is neither passed on nor kept', async () => {
  const { it, client } = await Session.running();
  client.write(`${CHUNKED_HEAD}1\r\na\r\nno size\r\n`);
  expect(await client.reply()).toMatchObject({ status: 400 });
  client.write(Buffer.alloc(10_000_000));
  await it.settled();
  expect(it.pieces).toEqual(['a']);
});

test('the wrong invocation is refused without a byte of it being passed on', async () => {
  const { it, client } = await Session.running();
  client.post(RESPONSE.replace('id-1', 'id-9'), 'x', STREAMING);
  expect(await client.reply()).toMatchObject({ status: 400 });
  client.post(RESPONSE, 'x', `${STREAMING}Lambda-Runtime-Invocation-Id: other\r\n`);
  expect(await client.reply()).toMatchObject({ status: 400 });
  expect([it.pieces, it.session.state]).toEqual([[], 'Running']);
});
