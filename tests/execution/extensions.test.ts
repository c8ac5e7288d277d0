import {
  DeleteFunctionCommand,
  InvokeCommand,
  InvokeWithResponseStreamCommand,
} from '@aws-sdk/client-lambda';
import { describe, expect } from 'vitest';
import { AGENT, agentServer, extensionTest as test, noted, publishLayer } from '../support/agents.ts';
import { createNode, createPython, invoke } from '../support/functions.ts';

/** Extensions in real sandboxes, as they, the function, the caller and the log see each other. */
const server = agentServer();

describe('an external extension', () => {
  test('registers, is told of each invocation, and the log says so', async () => {
    await server.create('told');
    const first = await invoke(server.client, 'told', { wait: 'INVOKE' });
    expect(noted(first, 'registered')).toEqual([
      [
        200,
        {
          functionName: 'told',
          functionVersion: '$LATEST',
          handler: 'app.handler',
          accountId: '000000000000',
        },
      ],
    ]);
    expect(noted(first, 'event')).toEqual([
      {
        eventType: 'INVOKE',
        deadlineMs: expect.any(Number),
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:told',
        tracing: { type: 'X-Amzn-Trace-Id', value: expect.stringMatching(/^Root=1-/) },
      },
    ]);
    const second = await invoke(server.client, 'told', { wait: 'INVOKE' });
    expect(noted(second, 'registered')).toHaveLength(1);
    const lines = await server.linesOf('told');
    const order = ['agent starts', 'module is loaded', 'EXTENSION\tName: agent', 'START', 'agent sees'];
    const found = order.map((text) => lines.findIndex((line) => line.startsWith(text)));
    expect(found).toEqual([...found].sort((left, right) => left - right));
    expect(lines).toContain('EXTENSION\tName: agent\tState: Ready\tEvents: [INVOKE, SHUTDOWN]');
  });

  test('sees the environment of the function, without what AWS withholds', async () => {
    await server.create('variables', { variables: { MINE: 'yes' } });
    const [environment] = noted(await invoke(server.client, 'variables'), 'environment') as [
      Record<string, string>,
    ];
    expect(environment).toMatchObject({
      MINE: 'yes',
      AWS_LAMBDA_FUNCTION_NAME: 'variables',
      AWS_LAMBDA_RUNTIME_API: '169.254.100.1:9001',
      AWS_ACCESS_KEY_ID: expect.any(String),
    });
    const hidden = Object.keys(environment).filter((name) =>
      /HANDLER|LOG_GROUP|TASK_ROOT|HEARTH|XRAY|LOG_FD/.test(name),
    );
    expect(hidden).toEqual([]);
  });

  test('does not keep the caller waiting, but REPORT and the next invocation, and counts in the duration', async () => {
    await server.create('slow', { variables: { AGENT_PLAN: 'slow-invoke' } });
    await server.client.send(new InvokeCommand({ FunctionName: 'slow' }));
    expect((await server.linesOf('slow')).filter((line) => line.startsWith('REPORT'))).toEqual([]);
    const report = await server.lineOf('slow', /^REPORT/);
    const lines = await server.linesOf('slow');
    expect(lines.indexOf(report)).toBeGreaterThan(lines.indexOf('agent is done'));
    expect(lines).toContain('agent is done');
    // The agent slept for 700 ms of it.
    expect(Number(/\tDuration: ([\d.]+) ms/.exec(report)?.[1])).toBeGreaterThan(700);
  });

  test('is asked to end after the runtime, when the environment goes', async () => {
    await server.create('spindown');
    await invoke(server.client, 'spindown');
    await server.client.send(new DeleteFunctionCommand({ FunctionName: 'spindown' }));
    await server.lineOf('spindown', /^agent ends: SPINDOWN$/);
    const lines = await server.linesOf('spindown');
    expect(lines.indexOf('runtime ends')).toBeGreaterThan(0);
    expect(lines.indexOf('agent ends: SPINDOWN')).toBeGreaterThan(lines.indexOf('runtime ends'));
  });

  test('that is not registered for an event is not told of it', async () => {
    await server.create('quiet', { variables: { AGENT_EVENTS: '' } });
    expect(noted(await invoke(server.client, 'quiet'), 'event')).toEqual([]);
    expect(noted(await invoke(server.client, 'quiet'), 'event')).toEqual([]);
    expect(await server.linesOf('quiet')).toContain('EXTENSION\tName: agent\tState: Ready\tEvents: []');
  });
});

describe('a failure', () => {
  test('by timeout is told to the extension, and everything starts anew', async () => {
    await server.create('timeout', { timeoutSeconds: 3 });
    const failed = await invoke(server.client, 'timeout', { do: 'hang' });
    expect(failed.payload).toMatchObject({ errorType: 'Sandbox.Timedout' });
    const again = await invoke(server.client, 'timeout', { wait: 'SHUTDOWN' });
    expect(noted(again, 'event')).toContainEqual({
      eventType: 'SHUTDOWN',
      shutdownReason: 'TIMEOUT',
      deadlineMs: expect.any(Number),
    });
    expect(noted(again, 'registered')).toHaveLength(2);
    expect(await server.linesOf('timeout')).toContain('agent ends: TIMEOUT');
  });

  test('of the runtime is told to the extension', async () => {
    await server.create('failure');
    expect((await invoke(server.client, 'failure', { do: 'exit' })).payload).toMatchObject({
      errorType: 'Runtime.ExitError',
    });
    await server.lineOf('failure', /^agent ends: FAILURE$/);
  });

  test.each([
    ['crash-init', 'Extension.Crash', 'exit status 3', undefined],
    [
      'init-error',
      'Extension.InitError',
      'exit status 5',
      'State: InitError\tEvents: [INVOKE, SHUTDOWN]\tError Type: Agent.Broken',
    ],
    ['crash-invoke', 'Extension.Crash', 'exit status 4', undefined],
    ['exit-error', 'Extension.ExitError', 'exit status 5', undefined],
  ])('of an extension, %s, is %s', async (plan, errorType, text, line) => {
    await server.create(plan, { variables: { AGENT_PLAN: plan } });
    const answer = await invoke(server.client, plan, { do: 'hang' });
    expect(answer.functionError).toBe('Unhandled');
    expect(answer.payload).toEqual({
      errorType,
      errorMessage: expect.stringMatching(new RegExp(`^RequestId: [0-9a-f-]{36} Error: ${text}$`)),
    });
    expect(answer.log).toContain(`Status: error\tError Type: ${errorType}`);
    if (line !== undefined)
      await server.lineOf(plan, /^EXTENSION/).then((found) => expect(found).toContain(line));
  });

  test('in the middle of a streamed response ends it, whatever the runtime still writes while it is asked to end', async () => {
    const source = `
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  process.on('SIGTERM', () => undefined);
  setInterval(() => stream.write('more '), 20);
  await new Promise(() => undefined);
});
`;
    await createNode(server.client, 'streaming', source, {
      Layers: [await publishLayer(server.client, 'streaming', { 'extensions/agent': AGENT })],
      Timeout: 2,
    });
    const call = new InvokeWithResponseStreamCommand({ FunctionName: 'streaming' });
    const { EventStream: events } = await server.client.send(call);
    const kinds: string[] = [];
    for await (const event of events ?? []) kinds.push(...Object.keys(event));
    expect(kinds).toContain('PayloadChunk');
    expect(kinds.at(-1)).toBe('InvokeComplete');
    await server.lineOf('streaming', /^agent ends: TIMEOUT$/);
    expect((await invoke(server.client, 'told')).functionError).toBeUndefined();
  });

  test('of an extension to finish within the timeout comes after the answer, and shows in REPORT', async () => {
    await server.create('hang-invoke', { timeoutSeconds: 2, variables: { AGENT_PLAN: 'hang-invoke' } });
    const answer = await server.client.send(new InvokeCommand({ FunctionName: 'hang-invoke' }));
    expect(answer.FunctionError).toBeUndefined();
    expect(await server.lineOf('hang-invoke', /^REPORT/)).toContain('Status: timeout');
  });

  test('to start an extension is said by name', async () => {
    await server.create('launch', { files: { 'extensions/readme.txt': 'no program' } });
    const answer = await invoke(server.client, 'launch');
    expect(answer.payload).toMatchObject({
      errorType: 'Extension.LaunchError',
      errorMessage: expect.stringContaining('fork/exec /opt/extensions/readme.txt: permission denied'),
    });
    expect(await server.linesOf('launch')).toContain(
      'EXTENSION\tName: readme.txt\tState: LaunchError\tEvents: []\tError Type: PermissionDenied',
    );
  });

  test('of an extension to end is a matter of two seconds', async () => {
    await server.create('deaf', { variables: { AGENT_PLAN: 'deaf' } });
    await invoke(server.client, 'deaf', { do: 'exit' });
    expect((await invoke(server.client, 'deaf')).functionError).toBeUndefined();
  });
});

/** Registers from within the runtime's own process, and does what PLAN says. */
const INTERNAL = `
import http.client, json, os, threading
def call(method, path, headers, body=None):
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    api.request(method, "/2020-01-01/extension/" + path, body, headers)
    answer = api.getresponse()
    return answer.status, answer.headers, json.loads(answer.read() or "null")
status, headers, _ = call("POST", "register", {"Lambda-Extension-Name": "inside"}, '{"events": ["INVOKE"]}')
me = {"Lambda-Extension-Identifier": headers["Lambda-Extension-Identifier"]}
seen = []
told = threading.Condition()
def listen():
    while True:
        event = call("GET", "event/next", me)[2]
        with told:
            seen.append(event["requestId"])
            told.notify()
if os.environ["PLAN"] == "init-error":
    call("POST", "init/error", {**me, "Lambda-Extension-Function-Error-Type": "Inside.Broken"}, "{}")
else:
    threading.Thread(target=listen, daemon=True).start()
def handler(event, context):
    with told:
        told.wait_for(lambda: context.aws_request_id in seen)
    late = call("POST", "register", {"Lambda-Extension-Name": "late"}, "{}")
    return {"seen": len(seen), "late": [late[0], late[2]["errorType"]]}
`;

describe('an internal extension', () => {
  test('is told of each invocation, and registers during Init alone', async () => {
    await createPython(server.client, 'inside', INTERNAL, {
      Environment: { Variables: { PLAN: '' } },
      Timeout: 20,
    });
    for (const seen of [1, 2]) {
      expect((await invoke(server.client, 'inside')).payload).toEqual({
        seen,
        late: [403, 'Extension.RegistrationClosed'],
      });
    }
    expect(await server.linesOf('inside')).toContain(
      'EXTENSION\tName: inside\tState: Ready\tEvents: [INVOKE]',
    );
  });

  test('that cannot go on ends the environment', async () => {
    await createPython(server.client, 'broken', INTERNAL, {
      Environment: { Variables: { PLAN: 'init-error' } },
      Timeout: 20,
    });
    expect((await invoke(server.client, 'broken')).payload).toMatchObject({
      errorType: 'Extension.InitError',
    });
    await server.lineOf(
      'broken',
      /^EXTENSION\tName: inside\tState: InitError\tEvents: \[INVOKE\]\tError Type: Inside\.Broken$/,
    );
  });
});

test('a layer may turn extensions off', async () => {
  await server.create('off', { files: { 'extensions/agent': AGENT, 'disable-extensions-jwigqn8j': '' } });
  expect((await invoke(server.client, 'off')).payload).toEqual([]);
});
