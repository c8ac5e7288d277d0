import { afterEach, expect, test } from 'vitest';
import { testServices, testVersion } from '../../tests/support/environments.ts';
import type { FunctionVersion } from '../model/index.ts';
import type { EnvironmentOutcome, EnvironmentTimings } from './index.ts';
import { ExecutionEnvironment } from './index.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

interface Harness {
  readonly environment: ExecutionEnvironment;
  readonly logs: string[];
  readonly streams: string[];
  readonly calls: string[];
  readonly liveSandboxes: () => number;
  /** The parsed payload, and the whole outcome, once the environment takes the next invocation. */
  readonly run: (
    event: unknown,
    tail?: boolean,
  ) => Promise<{ payload: unknown; outcome: EnvironmentOutcome }>;
  readonly until: (condition: () => boolean) => Promise<void>;
}

async function setUp(
  changes: Partial<FunctionVersion> = {},
  timings: Partial<EnvironmentTimings> = {},
): Promise<Harness> {
  const { services, sandboxes, logs } = testServices({ timings });
  const version = testVersion(changes);
  let changed = Promise.withResolvers<void>();
  const tell = (): void => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const environment = new ExecutionEnvironment(version, await services.prepare(version), {
    services,
    owner: { available: tell, closing: tell, closed: tell },
  });
  cleanups.push(async () => {
    await environment.close();
    expect(sandboxes.live.size).toBe(0);
  });
  let requests = 0;
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await changed.promise;
  };
  return {
    environment,
    logs: logs.lines,
    streams: logs.streams,
    calls: sandboxes.calls,
    liveSandboxes: () => sandboxes.live.size,
    until,
    run: async (event, tail = false) => {
      const payload = Buffer.from(JSON.stringify(event));
      const invocation = { requestId: `request-${++requests}`, invokedFunctionArn: 'arn:fn', payload, tail };
      const outcome = await new Promise<EnvironmentOutcome>((resolve, reject) =>
        environment.invoke(invocation, { resolve, reject }),
      );
      await until(() => !['invoking', 'finishing', 'ending'].includes(environment.state));
      return { payload: JSON.parse(Buffer.from(outcome.payload).toString()), outcome };
    },
  };
}

test('initialises once, then answers warm, keeping the state of the module', async () => {
  const { run, logs, streams } = await setUp();
  expect((await run({ do: 'count' })).payload).toEqual({ count: 1, starts: 1 });
  expect((await run({ do: 'count' })).payload).toEqual({ count: 2, starts: 1 });
  expect(streams).toHaveLength(1);
  expect(streams[0]).toMatch(/^\/aws\/lambda\/fn \d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/);
  expect(
    logs.map((line) => line.replaceAll(/\d+\.\d\d ms/g, '1.00 ms').replaceAll(/: \d+ ms/g, ': 1 ms')),
  ).toEqual([
    'INIT_START Runtime Version: nodejs:24.v1\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:abc',
    'START RequestId: request-1 Version: $LATEST',
    'working on {"do":"count"}',
    'END RequestId: request-1',
    'REPORT RequestId: request-1\tDuration: 1.00 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\tInit Duration: 1.00 ms\t',
    'START RequestId: request-2 Version: $LATEST',
    'working on {"do":"count"}',
    'END RequestId: request-2',
    'REPORT RequestId: request-2\tDuration: 1.00 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\t',
  ]);
});
