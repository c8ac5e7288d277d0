import { expect, test } from 'vitest';
import { listen } from '../../../tests/support/raw-client.ts';
import { type InitError, type RestoreRole, RuntimeSession, runtimeSessionLimits } from '../index.ts';

const RESTORE_NEXT = '/2018-06-01/runtime/restore/next';
const RESTORE_ERROR = '/2018-06-01/runtime/restore/error';
const NEXT = '/2018-06-01/runtime/invocation/next';
const CREDENTIALS = '/2021-04-23/credentials';
const keys = { AccessKeyId: 'a', SecretAccessKey: 's', Token: 't', Expiration: '2026-01-01T00:00:00.000Z' };

async function openSession(kind: RestoreRole['kind']) {
  const events: string[] = [];
  const errors: InitError[] = [];
  const session = new RuntimeSession(
    {
      ready: () => events.push('ready'),
      answered: () => events.push('answered'),
      initFailed: (error) => errors.push(error),
      restoreAwaited: () => events.push('awaited'),
      restoring: () => events.push('restoring'),
    },
    runtimeSessionLimits,
    undefined,
    { kind, authorizationToken: 'right', credentials: () => keys },
  );
  const connect = await listen((socket) => session.attach(socket));
  return { session, events, errors, client: await connect(), connect };
}

test('the process that ran Init waits, and goes on once for each restore', async () => {
  const { session, events, client } = await openSession('snapshot');
  client.get(RESTORE_NEXT);
  await expect.poll(() => events).toEqual(['awaited']);
  session.letRestore();
  expect(await client.reply()).toMatchObject({ status: 200, body: '' });
  session.letRestore();
  client.get(RESTORE_NEXT);
  expect(await client.reply()).toMatchObject({ status: 200, body: '' });
  client.get(NEXT);
  expect(await client.reply()).toMatchObject({
    status: 403,
    body: expect.stringContaining('State transition from RestoreReady to Ready failed for runtime.'),
  });
  expect(events).toEqual(['awaited']);
});

test('a restored process goes on at once, and asks for work after its hooks', async () => {
  const { session, events, client } = await openSession('restored');
  client.get(RESTORE_NEXT);
  expect(await client.reply()).toMatchObject({ status: 200, body: '' });
  client.get(RESTORE_NEXT);
  expect((await client.reply())?.status).toBe(403);
  client.get(NEXT);
  await expect.poll(() => events).toEqual(['restoring', 'ready']);
  expect(session.state).toBe('Ready');
});

test('a hook that failed is told once, in its state only', async () => {
  const { session, errors, client } = await openSession('restored');
  client.post(RESTORE_ERROR, '{}');
  expect((await client.reply())?.status).toBe(403);
  client.get(RESTORE_NEXT);
  await client.reply();
  client.post(RESTORE_ERROR, '{"errorMessage":"no"}');
  expect(await client.reply()).toMatchObject({ status: 202, body: '{"status":"OK"}' });
  expect(errors).toMatchObject([{ errorType: 'Runtime.Unknown' }]);
  client.post(RESTORE_ERROR, '{}');
  expect((await client.reply())?.status).toBe(403);
  expect(errors).toHaveLength(1);
  expect(session.state).toBe('RestoreError');
});

test('credentials are for whoever has the token', async () => {
  const { client } = await openSession('restored');
  client.write(`GET ${CREDENTIALS} HTTP/1.1\r\nAuthorization: right\r\n\r\n`);
  const answered = await client.reply();
  expect(answered?.status).toBe(200);
  expect(JSON.parse(answered?.body ?? '')).toEqual(keys);
  for (const header of ['', 'Authorization: wrong\r\n', 'Authorization: Bearer right\r\n']) {
    client.write(`GET ${CREDENTIALS} HTTP/1.1\r\n${header}\r\n`);
    expect((await client.reply())?.status).toBe(403);
  }
  client.post(CREDENTIALS, '');
  expect((await client.reply())?.status).toBe(405);
});
