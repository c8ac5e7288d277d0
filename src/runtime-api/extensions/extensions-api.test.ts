import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { listen, type RawClient } from '../../../tests/support/raw-client.ts';
import { randomIds } from '../../base/index.ts';
import type { TelemetrySubscription } from '../../telemetry/index.ts';
import { RuntimeSession } from '../runtime-session.ts';
import { ExtensionsApi } from './extensions-api.ts';

const REGISTER = '/2020-01-01/extension/register';
const NEXT = '/2020-01-01/extension/event/next';
const UNKNOWN = '01234567-89ab-cdef-0123-456789abcdef';

async function open(external: readonly string[] = [], enabled = true) {
  const failed: string[] = [];
  const subscribed: TelemetrySubscription[] = [];
  const api = new ExtensionsApi({
    ids: randomIds,
    functionName: 'fn',
    functionVersion: '$LATEST',
    handler: 'app.handler',
    accountId: '000000000000',
    external,
    enabled,
    observer: {
      progressed: () => undefined,
      failed: (errorType) => failed.push(errorType),
      subscribed: (_, subscription) => subscribed.push(subscription),
    },
  });
  const observer = { ready: () => undefined, answered: () => undefined, initFailed: () => undefined };
  const session = new RuntimeSession(observer, undefined, api);
  const connect = await listen((socket) => session.attach(socket));
  return { api, connect, failed, subscribed, client: await connect() };
}

interface Reply {
  readonly status: number | undefined;
  readonly type: unknown;
  readonly message: unknown;
}

async function refusalOf(client: RawClient): Promise<Reply> {
  const reply = await client.reply();
  const body = JSON.parse(reply?.body ?? '{}') as Readonly<Record<string, unknown>>;
  return { status: reply?.status, type: body['errorType'], message: body['errorMessage'] };
}

async function register(client: RawClient, name: string, events: readonly string[] = []): Promise<string> {
  client.post(REGISTER, JSON.stringify({ events }), `Lambda-Extension-Name: ${name}\r\n`);
  return (await client.reply())?.headers['lambda-extension-identifier'] ?? '';
}

function identified(id: string, more = ''): string {
  return `Lambda-Extension-Identifier: ${id}\r\n${more}`;
}

test('an extension registers, and learns of which function it is', async () => {
  const { api, client } = await open(['agent']);
  expect(api.registered).toBe(false);
  client.post(REGISTER, '{"events":["SHUTDOWN","INVOKE","INVOKE"]}', 'Lambda-Extension-Name: agent\r\n');
  const reply = await client.reply();
  expect(reply?.headers['lambda-extension-identifier']).toMatch(/^[0-9a-f-]{36}$/);
  expect(JSON.parse(reply?.body ?? '')).toEqual({
    functionName: 'fn',
    functionVersion: '$LATEST',
    handler: 'app.handler',
  });
  expect(api.registered).toBe(true);
  expect(api.extensions[0]).toMatchObject({
    events: ['INVOKE', 'SHUTDOWN'],
    state: 'Registered',
    external: true,
  });
  expect(api.busy).toBe(true);
});

test.each([
  ['no name', '{}', '', 'Extension.InvalidExtensionName', 'Empty extension name'],
  [
    'a name without end',
    '{}',
    `Lambda-Extension-Name: ${'x'.repeat(300)}\r\n`,
    'Extension.InvalidExtensionName',
    'Empty extension name',
  ],
  [
    'an event that there is none',
    '{"events":["STOP"]}',
    'Lambda-Extension-Name: agent\r\n',
    'Extension.InvalidEventType',
    'STOP: ErrorInvalidEventType',
  ],
  [
    'SHUTDOWN for an internal one',
    '{"events":["SHUTDOWN"]}',
    'Lambda-Extension-Name: x\r\n',
    'Extension.InvalidEventType',
    'SHUTDOWN: ShutdownEventNotSupportedForInternalExtension',
  ],
  ['no JSON', '{', 'Lambda-Extension-Name: agent\r\n', 'InvalidRequestFormat', expect.any(String)],
  [
    'no list',
    '{"events":7}',
    'Lambda-Extension-Name: agent\r\n',
    'InvalidRequestFormat',
    'events must be a list',
  ],
])('a registration with %s is refused', async (_, body, headers, type, message) => {
  const { client } = await open(['agent']);
  client.post(REGISTER, body, headers);
  expect(await refusalOf(client)).toEqual({ status: 403, type, message });
});

test('a name registers once', async () => {
  const { client } = await open(['agent']);
  await register(client, 'agent');
  client.post(REGISTER, '{}', 'Lambda-Extension-Name: agent\r\n');
  expect(await refusalOf(client)).toEqual({
    status: 403,
    type: 'Extension.InvalidExtensionState',
    message:
      'State transition from Registered to Registered failed for extension agent. Error: State transition is not allowed',
  });
  await register(client, 'inside');
  client.post(REGISTER, '{}', 'Lambda-Extension-Name: inside\r\n');
  expect((await refusalOf(client)).message).toBe('Extension with this name already registered');
});

test('ten may register, while Init lasts', async () => {
  const { api, client } = await open(['agent']);
  for (let count = 0; count < 9; count++) expect(await register(client, `inside-${count}`)).not.toBe('');
  client.post(REGISTER, '{}', 'Lambda-Extension-Name: eleventh\r\n');
  expect(await refusalOf(client)).toMatchObject({
    type: 'Extension.TooManyExtensions',
    message: 'Extension limit (10) reached',
  });
  api.closeRegistration();
  client.post(REGISTER, '{}', 'Lambda-Extension-Name: late\r\n');
  expect(await refusalOf(client)).toMatchObject({
    type: 'Extension.RegistrationClosed',
    message: 'Extension registration closed already',
  });
});

test.each([
  ['', 'Extension.MissingExtensionIdentifier', 'Missing Lambda-Extension-Identifier header'],
  [identified('nonsense'), 'Extension.InvalidExtensionIdentifier', 'Invalid Lambda-Extension-Identifier'],
  [identified(UNKNOWN), 'Extension.UnknownExtensionIdentifier', `Unknown extension ${UNKNOWN}`],
])('who asks with %j is refused', async (headers, type, message) => {
  const { client } = await open();
  client.get(NEXT, headers);
  expect(await refusalOf(client)).toEqual({ status: 403, type, message });
});

test('events go to those who asked for them, each when it asks', async () => {
  const { api, client, connect } = await open(['agent', 'other']);
  const [agent, other] = [
    await register(client, 'agent', ['INVOKE', 'SHUTDOWN']),
    await register(client, 'other'),
  ];
  const second = await connect();
  client.get(NEXT, identified(agent));
  second.get(NEXT, identified(other));
  await expect.poll(() => api.busy).toBe(false);
  api.invoke({ requestId: 'r', invokedFunctionArn: 'arn', deadlineMs: 7, traceHeader: 'Root=1' });
  const reply = await client.reply();
  expect(reply?.headers['lambda-extension-event-identifier']).toMatch(/^[0-9a-f-]{36}$/);
  expect(JSON.parse(reply?.body ?? '')).toEqual({
    eventType: 'INVOKE',
    deadlineMs: 7,
    requestId: 'r',
    invokedFunctionArn: 'arn',
    tracing: { type: 'X-Amzn-Trace-Id', value: 'Root=1' },
  });
  expect(api.busy).toBe(true);
  api.shutdown('SPINDOWN', 9);
  client.get(NEXT, identified(agent));
  expect(JSON.parse((await client.reply())?.body ?? '')).toEqual({
    eventType: 'SHUTDOWN',
    shutdownReason: 'SPINDOWN',
    deadlineMs: 9,
  });
});

test('an event waits for whoever lost its connection', async () => {
  const { api, client, connect } = await open(['agent']);
  const id = await register(client, 'agent', ['INVOKE']);
  const first = await connect();
  first.get(NEXT, identified(id));
  await expect.poll(() => api.busy).toBe(false);
  first.socket.destroy();
  await expect.poll(() => api.extensions[0]?.waits).toBe(false);
  api.invoke({ requestId: 'r', invokedFunctionArn: 'arn', deadlineMs: 7, traceHeader: '' });
  expect(api.busy).toBe(true);
  client.get(NEXT, identified(id));
  expect((await client.reply())?.body).toContain('"requestId":"r"');
});

test('errors end an extension, and need a type', async () => {
  const { api, client, failed } = await open(['agent']);
  const id = await register(client, 'agent');
  const path = '/2020-01-01/extension/init/error';
  client.post(path, '{}', identified(id));
  expect(await refusalOf(client)).toMatchObject({
    type: 'Extension.MissingHeader',
    message: 'Lambda-Extension-Function-Error-Type not found',
  });
  const typed = identified(id, 'Lambda-Extension-Function-Error-Type: Agent.Bad\r\n');
  client.post(path, '{}', typed);
  expect(await client.reply()).toMatchObject({ status: 202, body: '{"status":"OK"}' });
  expect([failed, api.extensions[0]?.state, api.extensions[0]?.errorType]).toEqual([
    ['Extension.InitError'],
    'InitError',
    'Agent.Bad',
  ]);
  client.get(NEXT, identified(id));
  expect((await refusalOf(client)).message).toBe(
    `State transition from InitError to Ready failed for extension ${id}. Error: State transition is not allowed`,
  );
  client.post('/2020-01-01/extension/exit/error', '{}', identified(UNKNOWN));
  expect((await refusalOf(client)).message).toBe('Unknown Lambda-Extension-Identifier');
});

const destination = { protocol: 'HTTP', URI: 'http://sandbox.localdomain:8080/events' };
const VALID = { schemaVersion: '2022-12-13', types: ['platform', 'function'], destination };

async function subscribe(client: RawClient, id: string, body: object, path = '/2022-07-01/telemetry') {
  const text = JSON.stringify(body);
  client.write(
    `PUT ${path} HTTP/1.1\r\n${identified(id)}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
  return client.reply();
}

test('a subscription is read with its defaults', async () => {
  const { client, subscribed } = await open();
  const id = await register(client, 'inside');
  expect(await subscribe(client, id, VALID)).toMatchObject({ status: 200, body: '"OK"' });
  expect(subscribed).toEqual([
    {
      api: 'telemetry',
      schemaVersion: '2022-12-13',
      types: ['platform', 'function'],
      maxItems: 10_000,
      maxBytes: 262_144,
      timeoutMs: 1_000,
      destination: { protocol: 'HTTP', port: 8_080, path: '/events', method: 'POST' },
    },
  ]);
});

test.each([
  ['schemaVersion', { schemaVersion: '2021-03-18' }],
  ['types', { types: [] }],
  ['types', { types: ['everything'] }],
  ['maxItems', { buffering: { maxItems: 999 } }],
  ['maxBytes', { buffering: { maxBytes: 1_048_577 } }],
  ['timeoutMs', { buffering: { timeoutMs: 1.5 } }],
  ['destination', { destination: undefined }],
  ['URI', { destination: { protocol: 'HTTP', URI: 'http://169.254.169.254/latest' } }],
  ['URI', { destination: { protocol: 'HTTP', URI: 'https://sandbox.localdomain:1' } }],
  ['URI', { destination: { protocol: 'HTTP', URI: 'http://sandbox.localdomain:99999' } }],
  ['protocol', { destination: { protocol: 'UDP', port: 1 } }],
  ['port', { destination: { protocol: 'TCP', port: 0 } }],
])('a subscription with a wrong %s is refused: %j', async (what, change) => {
  const { client, subscribed } = await open();
  const id = await register(client, 'inside');
  const reply = await subscribe(client, id, { ...VALID, ...change });
  expect(reply?.status).toBe(400);
  expect(JSON.parse(reply?.body ?? '')).toEqual({
    errorType: 'ValidationError',
    errorMessage: expect.stringContaining(what),
  });
  expect(subscribed).toEqual([]);
});

test('an extension uses one of the two APIs, and none after Init', async () => {
  const { api, client } = await open();
  const id = await register(client, 'inside');
  const older = { types: ['platform'], destination };
  expect((await subscribe(client, id, older, '/2020-08-15/logs'))?.status).toBe(200);
  expect((await subscribe(client, id, VALID))?.status).toBe(400);
  api.closeRegistration();
  expect(await subscribe(client, id, VALID)).toMatchObject({
    status: 403,
    body: '{"errorMessage":"Telemetry API subscription is closed","errorType":"Telemetry.SubscriptionClosed"}',
  });
  expect((await subscribe(client, id, older, '/2020-08-15/logs'))?.body).toContain('Logs.SubscriptionClosed');
});

test('a body that is too large is refused, and nothing at all is found where extensions are off', async () => {
  const { client } = await open(['agent']);
  client.post(REGISTER, ' '.repeat(65_537), 'Lambda-Extension-Name: agent\r\n');
  expect((await refusalOf(client)).type).toBe('RequestEntityTooLarge');
  const off = await open([], false);
  off.client.post(REGISTER, '{}', 'Lambda-Extension-Name: agent\r\n');
  expect((await off.client.reply())?.status).toBe(404);
});

const requests = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT'),
  path: fc.constantFrom(
    REGISTER,
    NEXT,
    '/2020-01-01/extension/init/error',
    '/2020-01-01/extension/exit/error',
    '/2020-01-01/extension/__proto__',
    '/2022-07-01/telemetry',
    '/2020-08-15/logs',
  ),
  who: fc.constantFrom('', 'known', UNKNOWN),
  name: fc.constantFrom('', 'agent', 'inside', '__proto__', 'constructor'),
  body: fc.oneof(
    fc.json(),
    fc.string(),
    fc.constant(JSON.stringify(VALID)),
    fc.constant('{"events":["INVOKE"]}'),
  ),
});

test('whatever is asked in whatever order is answered or waits, and the states stay what they may be', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(requests, { maxLength: 30 }), async (asked) => {
      const { api, client } = await open(['agent']);
      const known = await register(client, 'known');
      for (const { method, path, who, name, body } of asked) {
        if (method === 'GET' && path === NEXT && who === 'known') continue;
        const id = who === 'known' ? known : who;
        const headers = `Lambda-Extension-Name: ${name}\r\nLambda-Extension-Function-Error-Type: A.B\r\n`;
        client.write(
          `${method} ${path} HTTP/1.1\r\n${headers}Lambda-Extension-Identifier: ${id}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
        );
        expect((await client.reply())?.status).toBeGreaterThanOrEqual(200);
      }
      expect(api.extensions.length).toBeLessThanOrEqual(10);
      expect(new Set(api.extensions.map((extension) => extension.name)).size).toBe(api.extensions.length);
    }),
    { numRuns: 60 },
  );
});
