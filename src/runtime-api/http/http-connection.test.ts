import { expect, test } from 'vitest';
import { listen, type RawClient } from '../../../tests/support/raw-client.ts';
import { HttpConnection } from './http-connection.ts';
import { jsonReply } from './reply.ts';
import { BodyBudget } from './request-body.ts';

const limits = { headBytes: 1_000, headers: 10, bodyBytes: 100_000, discardBytes: 300_000 };

/** A server that echoes what it understood. */
async function echo(budget = new BodyBudget(1_000_000)): Promise<RawClient> {
  const connect = await listen(
    (socket) =>
      new HttpConnection(
        socket,
        {
          request: ({ head, body, oversized }, connection) =>
            connection.reply([
              jsonReply(200, { method: head.method, target: head.target, body: body.toString(), oversized }),
            ]),
          closed: () => undefined,
        },
        { limits, budget },
      ),
  );
  return connect();
}

async function bodyOf(client: RawClient): Promise<unknown> {
  return JSON.parse((await client.reply())?.body ?? 'null');
}

test('requests in one write are answered in order', async () => {
  const client = await echo();
  client.write(
    'GET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET /3 HTTP/1.1\r\n\r\n',
  );
  expect([await bodyOf(client), await bodyOf(client), await bodyOf(client)]).toMatchObject([
    { target: '/1', body: '' },
    { target: '/2', body: 'abc' },
    { target: '/3' },
  ]);
});

test('a request is the same however it is split', async () => {
  const client = await echo();
  client.socket.setNoDelay(true);
  const bytes = Buffer.from(
    'POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;ext=1\r\ndefg\r\n0\r\nTrailer: x\r\n\r\n',
  );
  for (const byte of bytes) {
    client.write(Uint8Array.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await bodyOf(client)).toMatchObject({ body: 'abcdefg' });
});

test('100-continue is answered before the body comes', async () => {
  const client = await echo();
  client.write('POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n');
  expect((await client.reply())?.status).toBe(100);
  client.write('ok');
  expect(await bodyOf(client)).toMatchObject({ body: 'ok' });
});

test('Connection: close and HTTP/1.0 end the connection after the answer', async () => {
  for (const request of ['GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 'GET / HTTP/1.0\r\n\r\n']) {
    const client = await echo();
    client.write(request);
    expect(await bodyOf(client)).toMatchObject({ target: '/' });
    await client.closed();
  }
});

test('a body past the limit is read to its end and the connection stays usable', async () => {
  const client = await echo();
  client.post('/', 'x'.repeat(100_001)).post('/', 'small');
  expect(await bodyOf(client)).toMatchObject({ oversized: true, body: '' });
  expect(await bodyOf(client)).toMatchObject({ oversized: false, body: 'small' });
});

test('many small chunks make one body', async () => {
  const client = await echo();
  const chunks = Array.from({ length: 20_000 }, (_, index) => `1\r\n${index % 10}\r\n`).join('');
  client.write(`POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`);
  expect(await bodyOf(client)).toMatchObject({ body: '0123456789'.repeat(2_000) });
});

test('bodies on their way share one budget, and give it back', async () => {
  const budget = new BodyBudget(100);
  const [first, second] = [await echo(budget), await echo(budget)];
  first.write(`POST / HTTP/1.1\r\nContent-Length: 90\r\n\r\n${'x'.repeat(80)}`);
  second.post('/', 'y'.repeat(200));
  expect(await bodyOf(second)).toMatchObject({ oversized: true });
  first.socket.destroy();
  await first.closed();
  let answer: unknown;
  do {
    second.post('/', 'z'.repeat(100));
    answer = await bodyOf(second);
  } while (!JSON.stringify(answer).includes('"oversized":false'));
  expect(answer).toMatchObject({ body: 'z'.repeat(100) });
});

test('a body without end is not read without end', async () => {
  const client = await echo();
  client.write('POST / HTTP/1.1\r\nContent-Length: 999999999999\r\n\r\n');
  client.write(Buffer.alloc(400_000));
  expect((await client.reply())?.status).toBe(413);
  await client.closed();
});

test.each([
  ['no HTTP at all', 'hello\r\n\r\n', 400],
  ['another version', 'GET / HTTP/2.0\r\n\r\n', 505],
  ['a folded header', 'GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n', 400],
  ['a blank before the colon', 'GET / HTTP/1.1\r\nA : b\r\n\r\n', 400],
  ['two lengths', 'POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 400],
  ['length and coding', 'POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
  ['a negative length', 'POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n', 400],
  ['an unknown coding', 'POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n', 501],
  ['a chunk size that is none', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n', 400],
  ['a chunk longer than it says', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n', 400],
  ['a head without end', `GET /${'x'.repeat(2_000)}`, 431],
  ['too many headers', `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(11)}\r\n`, 431],
])('%s is refused and the connection closed', async (_, bytes, status) => {
  const client = await echo();
  client.write(bytes);
  const reply = await client.reply();
  expect(reply?.status).toBe(status);
  expect(JSON.parse(reply?.body ?? '')).toMatchObject({ errorType: 'InvalidRequestFormat' });
  await client.closed();
});

test('thousands of requests in one write are answered, and others get their turn between them', async () => {
  const [greedy, honest] = [await echo(), await echo()];
  greedy.write('GET /x HTTP/1.1\r\n\r\n'.repeat(5_000));
  const first = await greedy.reply();
  expect(first?.status).toBe(200);
  honest.get('/honest');
  expect(await bodyOf(honest)).toMatchObject({ target: '/honest' });
  for (let answered = 1; answered < 5_000; answered++) expect((await greedy.reply())?.status).toBe(200);
});
