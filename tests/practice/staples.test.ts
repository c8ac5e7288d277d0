import {
  type LambdaClient,
  PublishLayerVersionCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNode, createPython, invoke, lambdaClient } from '../support/functions.ts';
import { fillPool } from '../support/pool-status.ts';
import { type RunningHearth, startHearth } from '../support/hearth.ts';
import { zip } from '../support/zip.ts';

/** What people do in nearly every function, each on a real server in both languages. */
describe.each([
  ['from the pool', '4'],
  ['from scratch', '0'],
])('with environments %s', (_, poolSize) => {
  let hearth: RunningHearth;
  let client: LambdaClient;

  beforeAll(async () => {
    hearth = await startHearth({ args: ['--pool', poolSize] });
    client = lambdaClient(hearth.endpoint);
    await fillPool(hearth);
  });

  afterAll(async () => {
    client?.destroy();
    await hearth?.dispose();
  });

  describe('initialisation outside the handler is kept warm', () => {
    test('in Python', async () => {
      await createPython(
        client,
        'warm-python',
        'import time\nstarted = time.time_ns()\ncount = 0\ndef handler(event, context):\n    global count\n    count += 1\n    return [started, count]\n',
      );
      const [first, second] = [await invoke(client, 'warm-python'), await invoke(client, 'warm-python')];
      expect(second.payload).toEqual([(first.payload as number[])[0], 2]);
      expect(first.log).toContain('Init Duration:');
      expect(second.log).not.toContain('Init Duration:');
    });

    test('in Node.js', async () => {
      await createNode(
        client,
        'warm-node',
        'const id = crypto.randomUUID(); let count = 0;\nexport const handler = async () => ({ id, count: ++count });\n',
      );
      const [first, second] = [await invoke(client, 'warm-node'), await invoke(client, 'warm-node')];
      expect(second.payload).toEqual({ ...(first.payload as object), count: 2 });
    });
  });

  describe('code shared through a layer', () => {
    async function publishLayer(name: string, files: Readonly<Record<string, string>>): Promise<string> {
      const { LayerVersionArn } = await client.send(
        new PublishLayerVersionCommand({ LayerName: name, Content: { ZipFile: zip(files) } }),
      );
      return LayerVersionArn ?? '';
    }

    test('in Python, with a later layer winning over an earlier one', async () => {
      const first = await publishLayer('python-first', {
        'python/shared.py': 'NAME = "first"\n',
        'python/only.py': 'NAME = "only"\n',
      });
      const second = await publishLayer('python-second', { 'python/shared.py': 'NAME = "second"\n' });
      await createPython(
        client,
        'layered-python',
        'import shared, only\ndef handler(event, context):\n    return [shared.NAME, only.NAME]\n',
        {
          Layers: [first, second],
        },
      );
      expect((await invoke(client, 'layered-python')).payload).toEqual(['second', 'only']);
    });

    test('in Node.js, as a package found by name', async () => {
      const layer = await publishLayer('node-shared', {
        'nodejs/node_modules/shared/package.json': '{"name":"shared","main":"index.js"}',
        'nodejs/node_modules/shared/index.js': 'exports.shout = (text) => text.toUpperCase();',
      });
      await createNode(client, 'layered-node', '', {
        files: {
          'index.js':
            "const { shout } = require('shared');\nexports.handler = async (event) => shout(event.text);\n",
        },
        Layers: [layer],
      });
      expect((await invoke(client, 'layered-node', { text: 'hi' })).payload).toBe('HI');
    });
  });

  test('configuration comes from the environment and follows its updates', async () => {
    await createPython(
      client,
      'configured',
      'import os\nSTAGE = os.environ["STAGE"]\ndef handler(event, context):\n    return STAGE\n',
      {
        Environment: { Variables: { STAGE: 'test' } },
      },
    );
    expect((await invoke(client, 'configured')).payload).toBe('test');
    await client.send(
      new UpdateFunctionConfigurationCommand({
        FunctionName: 'configured',
        Environment: { Variables: { STAGE: 'live' } },
      }),
    );
    await waitUntilFunctionUpdatedV2(
      { client, maxWaitTime: 30, minDelay: 0.05, maxDelay: 0.5 },
      { FunctionName: 'configured' },
    );
    expect((await invoke(client, 'configured')).payload).toBe('live');
  });

  test('a handler sees its time run out and checkpoints before the timeout', async () => {
    await createPython(
      client,
      'checkpointing',
      [
        'import time',
        'def handler(event, context):',
        '    done = event.get("from", 0)',
        '    while context.get_remaining_time_in_millis() > 600:',
        '        time.sleep(0.05)',
        '        done += 1',
        '    return {"done": done, "finished": False}',
      ].join('\n'),
      { Timeout: 1 },
    );
    const first = await invoke(client, 'checkpointing');
    expect(first.functionError).toBeUndefined();
    const { done } = first.payload as { done: number };
    expect(done).toBeGreaterThan(0);
    expect((await invoke(client, 'checkpointing', { from: done })).payload).toMatchObject({
      finished: false,
    });
  });

  test('a handler that ignores its time is stopped, and the next invocation starts afresh with /tmp kept', async () => {
    await createPython(
      client,
      'overrunning',
      [
        'import os, time',
        'count = 0',
        'def handler(event, context):',
        '    global count',
        '    count += 1',
        '    if event.get("hang"):',
        '        open("/tmp/left", "w").write("here")',
        '        time.sleep(30)',
        '    return {"count": count, "left": os.path.exists("/tmp/left")}',
      ].join('\n'),
      { Timeout: 1 },
    );
    const stopped = await invoke(client, 'overrunning', { hang: true });
    expect(stopped.functionError).toBe('Unhandled');
    expect(stopped.payload).toMatchObject({
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(/^RequestId: \S+ Error: Task timed out after 1\.00 seconds$/),
    });
    expect(stopped.log).toContain('Status: timeout');
    expect((await invoke(client, 'overrunning')).payload).toEqual({ count: 1, left: true });
  });

  describe('structured logs', () => {
    const logging = {
      LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'INFO', SystemLogLevel: 'INFO' },
    } as const;

    function records(log: string): Record<string, unknown>[] {
      return log
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    }

    test('in Python carry level, message and request, and honour the level', async () => {
      await createPython(
        client,
        'json-python',
        'import logging\nlog = logging.getLogger()\ndef handler(event, context):\n    log.info("order %s", 7, extra={"order": 7})\n    log.debug("hidden")\n    return context.aws_request_id\n',
        logging,
      );
      const { log, payload } = await invoke(client, 'json-python');
      const application = records(log).filter((record) => 'level' in record);
      expect(application).toEqual([
        expect.objectContaining({ level: 'INFO', message: 'order 7', order: 7, requestId: payload }),
      ]);
      expect(records(log).map((record) => record['type'])).toContain('platform.report');
    });

    test('in Node.js carry level, message and request, and honour the level', async () => {
      await createNode(
        client,
        'json-node',
        'export const handler = async (event, context) => { console.info("order", 7); console.debug("hidden"); return context.awsRequestId; };\n',
        logging,
      );
      const { log, payload } = await invoke(client, 'json-node');
      const application = records(log).filter((record) => 'level' in record);
      expect(application).toEqual([
        expect.objectContaining({ level: 'INFO', message: 'order 7', requestId: payload }),
      ]);
    });
  });

  test('a retried event is told from a new one by an idempotency record', async () => {
    await createPython(
      client,
      'idempotent',
      [
        'import json, os',
        'def handler(event, context):',
        '    record = f"/tmp/{event[\'id\']}.json"',
        '    if os.path.exists(record):',
        '        return json.load(open(record))',
        '    answer = {"charged": event["amount"], "by": context.aws_request_id}',
        '    json.dump(answer, open(record, "w"))',
        '    if event.get("fail_after_charge"):',
        '        raise RuntimeError("connection lost")',
        '    return answer',
      ].join('\n'),
    );
    const event = { id: 'payment-1', amount: 5 };
    const failed = await invoke(client, 'idempotent', { ...event, fail_after_charge: true });
    expect(failed.payload).toMatchObject({ errorType: 'RuntimeError', errorMessage: 'connection lost' });
    const [retried, again] = [
      await invoke(client, 'idempotent', event),
      await invoke(client, 'idempotent', event),
    ];
    expect(retried.payload).toMatchObject({ charged: 5 });
    expect(again.payload).toEqual(retried.payload);
  });
});
