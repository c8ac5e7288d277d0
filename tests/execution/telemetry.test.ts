import { describe, expect, onTestFinished } from 'vitest';
import {
  AGENT,
  agentServer,
  extensionTest as test,
  HTTP_DESTINATION,
  nameOf,
  noted,
  publishLayer,
  subscription,
  type TelemetryNote,
} from '../support/agents.ts';
import { createNode, invoke, lambdaClient } from '../support/functions.ts';
import { startHearth } from '../support/hearth.ts';

/** The Telemetry API and the Logs API in real sandboxes, as an extension sees them. */
const server = agentServer();

describe('telemetry', () => {
  test('tells the whole life of an environment in order, from before the subscription on', async () => {
    await server.create('events', { variables: { AGENT_SUBSCRIBE: subscription() } });
    await invoke(server.client, 'events');
    const answer = await invoke(server.client, 'events', { wait: 'platform.report' });
    expect(noted(answer, 'subscribed')).toEqual([[200, 'OK']]);
    const events = noted(answer, 'telemetry') as TelemetryNote[];
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
    await server.create('idle', { variables: { AGENT_SUBSCRIBE: slow } });
    const told = async (): Promise<string[]> =>
      (noted(await invoke(server.client, 'idle'), 'telemetry') as TelemetryNote[]).map(nameOf);
    await expect.poll(told, { timeout: 20_000, interval: 500 }).toContain('platform.report');
  });

  test('arrives over TCP, one event a line, and again where it was refused', async () => {
    for (const [name, destination, plan] of [
      ['tcp', { protocol: 'TCP', port: 4243 }, ''],
      ['refused', HTTP_DESTINATION, 'refuse'],
    ] as const) {
      await server.create(name, {
        variables: { AGENT_SUBSCRIBE: subscription({ destination, types: ['function'] }), AGENT_PLAN: plan },
      });
      const answer = await invoke(server.client, name, { wait: 'handler works' });
      const events = noted(answer, 'telemetry') as TelemetryNote[];
      expect(events.map(({ type, record }) => [type, record])).toEqual([
        ['function', 'module is loaded'],
        ['function', 'handler works'],
      ]);
    }
  });

  test('of the Logs API keeps to its older events', async () => {
    const older = subscription({ schemaVersion: '2021-03-18', types: ['platform'] });
    await server.create('logs-api', { variables: { AGENT_SUBSCRIBE: older, AGENT_API: '/2020-08-15/logs' } });
    await invoke(server.client, 'logs-api');
    const answer = await invoke(server.client, 'logs-api', { wait: 'platform.report' });
    const types = (noted(answer, 'telemetry') as TelemetryNote[]).map(({ type }) => type);
    expect(types.slice(0, types.indexOf('platform.report') + 1)).toEqual([
      'platform.logsSubscription',
      'platform.extension',
      'platform.start',
      'platform.runtimeDone',
      'platform.end',
      'platform.report',
    ]);
    expect(await server.linesOf('logs-api')).toContain(
      'LOGS\tName: agent\tState: Subscribed\tTypes: [Platform]',
    );
  });

  test('of a failure arrives before the extension has to end', async () => {
    await server.create('failed-events', {
      timeoutSeconds: 3,
      variables: { AGENT_SUBSCRIBE: subscription() },
    });
    await invoke(server.client, 'failed-events', { do: 'hang' });
    const events = noted(await invoke(server.client, 'failed-events'), 'telemetry') as TelemetryNote[];
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
    await server.create('invalid', {
      variables: { AGENT_SUBSCRIBE: subscription({ buffering: { timeoutMs: 1 } }) },
    });
    expect(noted(await invoke(server.client, 'invalid'), 'subscribed')).toEqual([
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
    await server.create('nobody', { variables: { AGENT_SUBSCRIBE: subscription(), AGENT_PLAN: 'deaf' } });
    for (let count = 0; count < 3; count++) {
      expect((await invoke(server.client, 'nobody')).functionError).toBeUndefined();
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
    const hearth = await startHearth({ args: ['--sandbox', 'process'] });
    onTestFinished(() => hearth.dispose());
    const plain = lambdaClient(hearth.endpoint);
    const Layers = [await publishLayer(plain, 'plain', { 'extensions/agent': AGENT })];
    await createNode(plain, 'plain', READER, {
      Layers,
      Environment: { Variables: { AGENT_HOST: '127.0.0.1', AGENT_SUBSCRIBE: subscription() } },
      Timeout: 20,
    });
    await invoke(plain, 'plain', { wait: 'INVOKE' });
    const answer = await invoke(plain, 'plain', { wait: 'platform.report' });
    expect(noted(answer, 'event')).toContainEqual(expect.objectContaining({ eventType: 'INVOKE' }));
    expect((noted(answer, 'telemetry') as TelemetryNote[]).map(nameOf)).toContain('agent starts');
    plain.destroy();
  });
});
