import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { awsError } from '../../model/index.ts';
import { type RunningEdge, runEdge } from '../edge.fixture.ts';

let edge: RunningEdge;
let release: () => void = () => undefined;
beforeAll(async () => {
  edge = await runEdge({
    invoke: async ({ payload, address, tail }) => {
      if (address.name === 'throttled') {
        throw awsError('TooManyRequestsException', 'Rate Exceeded.', { members: { Reason: 'R' } });
      }
      if (address.name === 'broken') throw new Error('a bug');
      if (address.name === 'slow') await new Promise<void>((resolve) => (release = resolve));
      return { payload, executedVersion: '$LATEST', ...(tail && { logTail: Buffer.from('END') }) };
    },
  });
});
afterAll(() => edge.stop());

const AUTHORIZATION =
  'Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=00';

function invoke(name: string, payload = '{"a":1}', fields: readonly string[] = []): string {
  const head = [
    `POST /2015-03-31/functions/${name}/invocations HTTP/1.1`,
    'Host: x',
    AUTHORIZATION,
    ...fields,
  ];
  return `${head.join('\r\n')}\r\nContent-Length: ${Buffer.byteLength(payload)}\r\n\r\n${payload}`;
}

class Client {
  readonly socket: Socket;
  #bytes = '';
  #arrived: () => void = () => undefined;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.setEncoding('latin1').on('data', (text: string) => {
      this.#bytes += text;
      this.#arrived();
    });
    this.socket.on('error', () => undefined);
  }

  async send(text: string): Promise<string> {
    this.socket.write(text);
    return this.answer();
  }

  /** The next whole answer. */
  async answer(): Promise<string> {
    for (;;) {
      const headEnd = this.#bytes.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(this.#bytes)?.[1] ?? 0);
      if (headEnd >= 0 && this.#bytes.length >= headEnd + 4 + length) {
        const answer = this.#bytes.slice(0, headEnd + 4 + length);
        this.#bytes = this.#bytes.slice(answer.length);
        return answer;
      }
      await new Promise<void>((resolve) => (this.#arrived = resolve));
    }
  }
}

/** What differs from answer to answer. */
function comparable(answer: string): string {
  const [head = '', body] = answer.split('\r\n\r\n');
  const same = head.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID').replace(/Date: .*/, 'Date: D');
  return `${same.split('\r\n').toSorted().join('\n')}\n\n${body?.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID')}`;
}

/** Not plain, but the same request: it goes to `node:http`. */
const SAME = ['X-A: \u00e9'];

test.each(['echo', 'throttled', 'broken', 'not a name', 'missing/slash'])(
  'both ways to invoke "%s" answer alike, field by field',
  async (name) => {
    const [lane, http] = [new Client(edge.port), new Client(edge.port)];
    const encoded = encodeURIComponent(name);
    expect(comparable(await lane.send(invoke(encoded)))).toBe(
      comparable(await http.send(invoke(encoded, '{"a":1}', SAME))),
    );
    lane.socket.destroy();
    http.socket.destroy();
  },
);

test('any call may follow on the same connection, and invocations after it', async () => {
  const client = new Client(edge.port);
  expect(await client.send(invoke('echo', '1'))).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*\r\n\r\n1$/);
  expect(await client.send('GET /_hearth/health HTTP/1.1\r\nHost: x\r\n\r\n')).toContain('running');
  expect(await client.send(invoke('echo', '"é"'))).toContain('\r\n\r\n"Ã©"');
  expect(await client.send(invoke('echo', '{'))).toMatch(
    /^HTTP\/1\.1 400 [\s\S]*InvalidRequestContentException/,
  );
  client.socket.destroy();
});

test('a request in two pieces is read whole', async () => {
  const client = new Client(edge.port);
  const text = invoke('echo', '{"long":"payload"}');
  await client.send(invoke('echo'));
  client.socket.write(text.slice(0, 40));
  await new Promise((resolve) => setImmediate(resolve));
  expect(await client.send(text.slice(40))).toContain('{"long":"payload"}');
  client.socket.destroy();
});

test('requests sent ahead are answered in order, one after the other', async () => {
  const client = new Client(edge.port);
  client.socket.write(invoke('slow', '1') + invoke('echo', '2') + invoke('throttled') + invoke('echo', '3'));
  await expect.poll(() => edge.invocations.at(-1)?.address.name).toBe('slow');
  const before = edge.invocations.length;
  expect(edge.edge.requests.inFlight).toBe(1);
  release();
  expect(await client.answer()).toMatch(/\r\n\r\n1$/);
  expect(await client.answer()).toMatch(/\r\n\r\n2$/);
  expect(await client.answer()).toContain('Rate Exceeded.');
  expect(await client.answer()).toMatch(/\r\n\r\n3$/);
  expect(edge.invocations.length).toBe(before + 3);
  client.socket.destroy();
});

test('closing ends idle connections at once, and others with their answer', async () => {
  const own = await runEdge({
    invoke: async ({ payload, address }) => {
      if (address.name === 'slow') await new Promise<void>((resolve) => (release = resolve));
      return { payload, executedVersion: '1' };
    },
  });
  const [idle, busy, fresh] = [new Client(own.port), new Client(own.port), new Client(own.port)];
  await Promise.all([once(fresh.socket, 'connect'), idle.send(invoke('echo'))]);
  busy.socket.write(invoke('slow', '"last"'));
  await expect.poll(() => own.invocations.length).toBe(2);
  const gone = [idle, fresh].map(({ socket }) => once(socket, 'close'));
  const ended = once(busy.socket, 'close');
  const stopped = own.stop();
  await Promise.all(gone);
  release();
  expect(await busy.answer()).toMatch(/Connection: close[\s\S]*"last"$/);
  await ended;
  await stopped;
});

test('connections on which nothing comes are ended after their time', async () => {
  const limits = { headTimeoutMs: 100, keepAliveTimeoutMs: 100, timeoutCheckMs: 50 };
  const own = await runEdge({ limits });
  const [silent, used] = [new Client(own.port), new Client(own.port)];
  const ended = [silent, used].map(({ socket }) => once(socket, 'close'));
  await used.send(invoke('echo'));
  await Promise.all(ended);
  await own.stop();
});
