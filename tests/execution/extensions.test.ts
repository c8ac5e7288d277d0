import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DeleteFunctionCommand,
  InvokeCommand,
  type LambdaClient,
  PublishLayerVersionCommand,
} from '@aws-sdk/client-lambda';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest';
import { type Answer, createNode, createPython, invoke, lambdaClient } from '../support/functions.ts';
import { type RunningHearth, root, startHearth } from '../support/hearth.ts';
import { needs, programs } from '../support/programs.ts';
import { zip } from '../support/zip.ts';

/** Extensions in real sandboxes, as they, the function, the caller and the log see each other. */
const test = needs(programs.runc && process.getuid?.() === 0, 'runc, as root');

const AGENT = readFileSync(join(root, 'tests/support/agent-extension.py'), 'utf8');

/** Reads what the agent noted; `wait` asks until there is a line with that text. */
const FUNCTION = `
import json, os, signal, sys, time
print("module is loaded")
signal.signal(signal.SIGTERM, lambda *_: (print("runtime ends", flush=True), sys.exit(0)))
def notes(name):
    try:
        return [json.loads(line) for line in open(os.environ.get("TMPDIR", "/tmp") + f"/{name}.jsonl")]
    except FileNotFoundError:
        return []
def handler(event, context):
    print("handler works")
    if event.get("do") == "hang":
        time.sleep(100)
    if event.get("do") == "exit":
        os._exit(7)
    while "wait" in event and event["wait"] not in json.dumps(notes("agent")):
        time.sleep(0.01)
    return notes(event.get("name", "agent"))
`;

let hearth: RunningHearth;
let client: LambdaClient;
let logs: CloudWatchLogsClient;
let layers = 0;

beforeAll(async () => {
  if (!programs.runc) return;
  hearth = await startHearth({ args: ['--sandbox', 'oci'] });
  client = lambdaClient(hearth.endpoint);
  logs = new CloudWatchLogsClient({
    endpoint: hearth.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
});

afterAll(async () => {
  client?.destroy();
  logs?.destroy();
  await hearth?.dispose();
});

async function layerOf(files: Readonly<Record<string, string>>): Promise<string> {
  const { LayerVersionArn } = await client.send(
    new PublishLayerVersionCommand({ LayerName: `layer-${++layers}`, Content: { ZipFile: zip(files) } }),
  );
  return LayerVersionArn ?? '';
}

interface Options {
  readonly files?: Readonly<Record<string, string>>;
  readonly variables?: Record<string, string>;
  readonly timeoutSeconds?: number;
  readonly source?: string;
  readonly json?: boolean;
}

async function create(name: string, options: Options = {}): Promise<void> {
  const { files = { 'extensions/agent': AGENT }, variables = {}, timeoutSeconds = 20 } = options;
  await createPython(client, name, options.source ?? FUNCTION, {
    Layers: [await layerOf(files)],
    Environment: { Variables: variables },
    Timeout: timeoutSeconds,
    ...(options.json ? { LoggingConfig: { LogFormat: 'JSON' } } : {}),
  });
}

async function linesOf(name: string): Promise<string[]> {
  const answer = await logs.send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}` }));
  return (answer.events ?? []).map(({ message = '' }) => message.trimEnd());
}

async function lineOf(name: string, pattern: RegExp): Promise<string> {
  const find = async (): Promise<string | undefined> =>
    (await linesOf(name)).find((line) => pattern.test(line));
  return (await expect.poll(find, { timeout: 20_000 }).toBeDefined(), (await find()) ?? '');
}

type Note = readonly [kind: string, what: unknown];

function noted(answer: Answer, kind: string): unknown[] {
  return (answer.payload as Note[]).filter(([of]) => of === kind).map(([, what]) => what);
}

describe('an external extension', () => {
  test('registers, is told of each invocation, and the log says so', async () => {
    await create('told');
    const first = await invoke(client, 'told', { wait: 'INVOKE' });
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
    const second = await invoke(client, 'told', { wait: 'INVOKE' });
    expect(noted(second, 'registered')).toHaveLength(1);
    const lines = await linesOf('told');
    const order = ['agent starts', 'module is loaded', 'EXTENSION\tName: agent', 'START', 'agent sees'];
    const found = order.map((text) => lines.findIndex((line) => line.startsWith(text)));
    expect(found).toEqual([...found].sort((left, right) => left - right));
    expect(lines).toContain('EXTENSION\tName: agent\tState: Ready\tEvents: [INVOKE, SHUTDOWN]');
  });

  test('sees the environment of the function, without what AWS withholds', async () => {
    await create('variables', { variables: { MINE: 'yes' } });
    const [environment] = noted(await invoke(client, 'variables'), 'environment') as [Record<string, string>];
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
    await create('slow', { variables: { AGENT_PLAN: 'slow-invoke' } });
    await client.send(new InvokeCommand({ FunctionName: 'slow' }));
    expect((await linesOf('slow')).filter((line) => line.startsWith('REPORT'))).toEqual([]);
    const report = await lineOf('slow', /^REPORT/);
    const lines = await linesOf('slow');
    expect(lines.indexOf(report)).toBeGreaterThan(lines.indexOf('agent is done'));
    expect(lines).toContain('agent is done');
    // The agent slept for 700 ms of it.
    expect(Number(/\tDuration: ([\d.]+) ms/.exec(report)?.[1])).toBeGreaterThan(700);
  });

  test('is asked to end after the runtime, when the environment goes', async () => {
    await create('spindown');
    await invoke(client, 'spindown');
    await client.send(new DeleteFunctionCommand({ FunctionName: 'spindown' }));
    await lineOf('spindown', /^agent ends: SPINDOWN$/);
    const lines = await linesOf('spindown');
    expect(lines.indexOf('runtime ends')).toBeGreaterThan(0);
    expect(lines.indexOf('agent ends: SPINDOWN')).toBeGreaterThan(lines.indexOf('runtime ends'));
  });

  test('that is not registered for an event is not told of it', async () => {
    await create('quiet', { variables: { AGENT_EVENTS: '' } });
    expect(noted(await invoke(client, 'quiet'), 'event')).toEqual([]);
    expect(noted(await invoke(client, 'quiet'), 'event')).toEqual([]);
    expect(await linesOf('quiet')).toContain('EXTENSION\tName: agent\tState: Ready\tEvents: []');
  });
});

describe('a failure', () => {
  test('by timeout is told to the extension, and everything starts anew', async () => {
    await create('timeout', { timeoutSeconds: 3 });
    const failed = await invoke(client, 'timeout', { do: 'hang' });
    expect(failed.payload).toMatchObject({ errorType: 'Sandbox.Timedout' });
    const again = await invoke(client, 'timeout', { wait: 'SHUTDOWN' });
    expect(noted(again, 'event')).toContainEqual({
      eventType: 'SHUTDOWN',
      shutdownReason: 'TIMEOUT',
      deadlineMs: expect.any(Number),
    });
    expect(noted(again, 'registered')).toHaveLength(2);
    expect(await linesOf('timeout')).toContain('agent ends: TIMEOUT');
  });

  test('of the runtime is told to the extension', async () => {
    await create('failure');
    expect((await invoke(client, 'failure', { do: 'exit' })).payload).toMatchObject({
      errorType: 'Runtime.ExitError',
    });
    await lineOf('failure', /^agent ends: FAILURE$/);
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
    await create(plan, { variables: { AGENT_PLAN: plan } });
    const answer = await invoke(client, plan, { do: 'hang' });
    expect(answer.functionError).toBe('Unhandled');
    expect(answer.payload).toEqual({
      errorType,
      errorMessage: expect.stringMatching(new RegExp(`^RequestId: [0-9a-f-]{36} Error: ${text}$`)),
    });
    expect(answer.log).toContain(`Status: error\tError Type: ${errorType}`);
    if (line !== undefined) await lineOf(plan, /^EXTENSION/).then((found) => expect(found).toContain(line));
  });

  test('of an extension to finish within the timeout comes after the answer, and shows in REPORT', async () => {
    await create('hang-invoke', { timeoutSeconds: 2, variables: { AGENT_PLAN: 'hang-invoke' } });
    const answer = await client.send(new InvokeCommand({ FunctionName: 'hang-invoke' }));
    expect(answer.FunctionError).toBeUndefined();
    expect(await lineOf('hang-invoke', /^REPORT/)).toContain('Status: timeout');
  });

  test('to start an extension is said by name', async () => {
    await create('launch', { files: { 'extensions/readme.txt': 'no program' } });
    const answer = await invoke(client, 'launch');
    expect(answer.payload).toMatchObject({
      errorType: 'Extension.LaunchError',
      errorMessage: expect.stringContaining('fork/exec /opt/extensions/readme.txt: permission denied'),
    });
    expect(await linesOf('launch')).toContain(
      'EXTENSION\tName: readme.txt\tState: LaunchError\tEvents: []\tError Type: PermissionDenied',
    );
  });

  test('of an extension to end is a matter of two seconds', async () => {
    await create('deaf', { variables: { AGENT_PLAN: 'deaf' } });
    await invoke(client, 'deaf', { do: 'exit' });
    expect((await invoke(client, 'deaf')).functionError).toBeUndefined();
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
    await createPython(client, 'inside', INTERNAL, { Environment: { Variables: { PLAN: '' } }, Timeout: 20 });
    for (const seen of [1, 2]) {
      expect((await invoke(client, 'inside')).payload).toEqual({
        seen,
        late: [403, 'Extension.RegistrationClosed'],
      });
    }
    expect(await linesOf('inside')).toContain('EXTENSION\tName: inside\tState: Ready\tEvents: [INVOKE]');
  });

  test('that cannot go on ends the environment', async () => {
    await createPython(client, 'broken', INTERNAL, {
      Environment: { Variables: { PLAN: 'init-error' } },
      Timeout: 20,
    });
    expect((await invoke(client, 'broken')).payload).toMatchObject({ errorType: 'Extension.InitError' });
    await lineOf(
      'broken',
      /^EXTENSION\tName: inside\tState: InitError\tEvents: \[INVOKE\]\tError Type: Inside\.Broken$/,
    );
  });
});

test('a layer may turn extensions off', async () => {
  await create('off', { files: { 'extensions/agent': AGENT, 'disable-extensions-jwigqn8j': '' } });
  expect((await invoke(client, 'off')).payload).toEqual([]);
});

const HTTP = { protocol: 'HTTP', URI: 'http://sandbox.localdomain:4243/events' };

function subscription(more: object = {}): string {
  return JSON.stringify({
    schemaVersion: '2022-12-13',
    types: ['platform', 'function', 'extension'],
    buffering: { timeoutMs: 25 },
    destination: HTTP,
    ...more,
  });
}

interface Event {
  readonly type: string;
  readonly record: Readonly<Record<string, unknown>> | string;
}

/** What tells it from others: the line of text that it is, or its type. */
function nameOf({ type, record }: Event): string {
  return typeof record === 'string' ? record : type;
}

describe('telemetry', () => {
  test('tells the whole life of an environment in order, from before the subscription on', async () => {
    await create('events', { variables: { AGENT_SUBSCRIBE: subscription() } });
    await invoke(client, 'events');
    const answer = await invoke(client, 'events', { wait: 'platform.report' });
    expect(noted(answer, 'subscribed')).toEqual([[200, 'OK']]);
    const events = noted(answer, 'telemetry') as Event[];
    const until = events.findIndex(({ type }) => type === 'platform.report');
    const told = events.slice(0, until + 1);
    expect(
      told.filter(({ type }) => !type.endsWith('Subscription') && type !== 'extension').map(nameOf),
    ).toEqual([
      'platform.initStart',
      'module is loaded',
      'platform.initRuntimeDone',
      'platform.extension',
      'platform.initReport',
      'platform.start',
      'handler works',
      'platform.runtimeDone',
      'platform.report',
    ]);
    expect(told.filter(({ type }) => type === 'extension').map(nameOf)).toEqual([
      'agent starts',
      expect.stringContaining('agent sees'),
    ]);
    // The runtime starts as soon as the agent has registered, so that it may be ahead of the subscription.
    expect(told.map(nameOf)).toContain('platform.telemetrySubscription');
    expect(events[until]?.record).toMatchObject({
      requestId: expect.any(String),
      status: 'success',
      metrics: { durationMs: expect.any(Number), billedDurationMs: expect.any(Number), memorySizeMB: 128 },
      spans: [{ name: 'extensionOverhead', start: expect.any(String), durationMs: expect.any(Number) }],
      tracing: { type: 'X-Amzn-Trace-Id' },
    });
  });

  test('waits for its batch no longer than the environment is idle', async () => {
    const slow = subscription({ buffering: { timeoutMs: 30_000 }, types: ['platform'] });
    await create('idle', { variables: { AGENT_SUBSCRIBE: slow } });
    const told = async (): Promise<string[]> =>
      (noted(await invoke(client, 'idle'), 'telemetry') as Event[]).map(nameOf);
    await expect.poll(told, { timeout: 20_000, interval: 500 }).toContain('platform.report');
  });

  test('arrives over TCP, one event a line, and again where it was refused', async () => {
    for (const [name, destination, plan] of [
      ['tcp', { protocol: 'TCP', port: 4243 }, ''],
      ['refused', HTTP, 'refuse'],
    ] as const) {
      await create(name, {
        variables: { AGENT_SUBSCRIBE: subscription({ destination, types: ['function'] }), AGENT_PLAN: plan },
      });
      const answer = await invoke(client, name, { wait: 'handler works' });
      const events = noted(answer, 'telemetry') as Event[];
      expect(events.map(({ type, record }) => [type, record])).toEqual([
        ['function', 'module is loaded'],
        ['function', 'handler works'],
      ]);
    }
  });

  test('of the Logs API keeps to its older events', async () => {
    const older = subscription({ schemaVersion: '2021-03-18', types: ['platform'] });
    await create('logs-api', { variables: { AGENT_SUBSCRIBE: older, AGENT_API: '/2020-08-15/logs' } });
    await invoke(client, 'logs-api');
    const answer = await invoke(client, 'logs-api', { wait: 'platform.report' });
    const types = (noted(answer, 'telemetry') as Event[]).map(({ type }) => type);
    expect(types.slice(0, types.indexOf('platform.report') + 1)).toEqual([
      'platform.logsSubscription',
      'platform.extension',
      'platform.start',
      'platform.runtimeDone',
      'platform.end',
      'platform.report',
    ]);
    expect(await linesOf('logs-api')).toContain('LOGS\tName: agent\tState: Subscribed\tTypes: [Platform]');
  });

  test('of a failure arrives before the extension has to end', async () => {
    await create('failed-events', { timeoutSeconds: 3, variables: { AGENT_SUBSCRIBE: subscription() } });
    await invoke(client, 'failed-events', { do: 'hang' });
    const events = noted(await invoke(client, 'failed-events'), 'telemetry') as Event[];
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'platform.runtimeDone',
        record: expect.objectContaining({ status: 'timeout' }),
      }),
    );
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'platform.report',
        record: expect.objectContaining({ status: 'timeout' }),
      }),
    );
  });

  test('that is not accepted is refused with a reason', async () => {
    await create('invalid', {
      variables: { AGENT_SUBSCRIBE: subscription({ buffering: { timeoutMs: 1 } }) },
    });
    expect(noted(await invoke(client, 'invalid'), 'subscribed')).toEqual([
      [
        400,
        {
          errorType: 'ValidationError',
          errorMessage: 'buffering.timeoutMs must be an integer between 25 and 30000',
        },
      ],
    ]);
  });

  test('never arrives at a destination that does not listen, and nobody waits for it', async () => {
    await create('nobody', { variables: { AGENT_SUBSCRIBE: subscription(), AGENT_PLAN: 'deaf' } });
    for (let count = 0; count < 3; count++) {
      expect((await invoke(client, 'nobody')).functionError).toBeUndefined();
    }
  });
});

const READER = `
import { existsSync, readFileSync } from 'node:fs';
const file = process.env.TMPDIR + '/agent.jsonl';
export async function handler({ wait }) {
  for (;;) {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (text.includes(wait) && text.endsWith('\\n')) return text.trim().split('\\n').map((line) => JSON.parse(line));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
`;

describe('without an isolating sandbox', () => {
  test('extensions run as well, and are told of the same', async () => {
    const server = await startHearth({ args: ['--sandbox', 'process'] });
    onTestFinished(() => server.dispose());
    const plain = lambdaClient(server.endpoint);
    const content = { ZipFile: zip({ 'extensions/agent': AGENT }) };
    const layer = await plain.send(new PublishLayerVersionCommand({ LayerName: 'plain', Content: content }));
    await createNode(plain, 'plain', READER, {
      Layers: [layer.LayerVersionArn ?? ''],
      Environment: { Variables: { AGENT_HOST: '127.0.0.1', AGENT_SUBSCRIBE: subscription() } },
      Timeout: 20,
    });
    await invoke(plain, 'plain', { wait: 'INVOKE' });
    const answer = await invoke(plain, 'plain', { wait: 'platform.report' });
    expect(noted(answer, 'event')).toContainEqual(expect.objectContaining({ eventType: 'INVOKE' }));
    expect((noted(answer, 'telemetry') as Event[]).map(nameOf)).toContain('agent starts');
    plain.destroy();
  });
});
