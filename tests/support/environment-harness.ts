import { expect, onTestFinished } from 'vitest';
import {
  type EnvironmentOutcome,
  type EnvironmentTimings,
  ExecutionEnvironment,
} from '../../src/environments/index.ts';
import type { FunctionVersion } from '../../src/model/index.ts';
import { testServices, testVersion } from './environments.ts';

/** One environment over real child processes; closed, and looked after, when the test ends. */
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

export async function startEnvironment(
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
  sandboxes.onCall = () => setImmediate(tell);
  const environment = new ExecutionEnvironment(version, await services.prepare(version), {
    services,
    owner: { available: tell, closing: tell, closed: tell },
  });
  onTestFinished(async () => {
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
