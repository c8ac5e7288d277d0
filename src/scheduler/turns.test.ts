import { expect, onTestFinished, test } from 'vitest';
import { testServices, testVersion } from '../../tests/support/environments.ts';
import type { EnvironmentOutcome } from '../environments/index.ts';
import { machineLimits, Scheduler } from './index.ts';

test('quick invocations take turns in busy environments, and none of them is lost or kept waiting by a slow one', async () => {
  const { services } = testServices();
  const scheduler = new Scheduler({ services, machine: machineLimits });
  onTestFinished(() => scheduler.close());
  const version = testVersion();
  let requests = 0;
  const run = (event: unknown): Promise<unknown> =>
    new Promise<EnvironmentOutcome>((resolve, reject) =>
      scheduler.invoke(
        {
          target: { version, invokedFunctionArn: 'arn' },
          reservedTotal: 0,
          invocation: {
            requestId: `r-${++requests}`,
            invokedFunctionArn: 'arn',
            payload: Buffer.from(JSON.stringify(event)),
            tail: false,
          },
        },
        { resolve, reject },
      ),
    ).then(({ payload }) => JSON.parse(Buffer.from(payload).toString()));
  await Promise.all(Array.from({ length: 6 }, () => run({ do: 'wait', ms: 100 })));
  const numbers = Array.from({ length: 600 }, (_, n) => n);
  const caller = async (first: number): Promise<void> => {
    for (let n = first; n < numbers.length; n += 6) expect(await run({ n })).toEqual({ n });
  };
  await Promise.all([0, 1, 2, 3, 4, 5].map(caller));
  // All environments but one are busy for long, although the function was quick until now.
  await Promise.all(Array.from({ length: 12 }, () => run({ do: 'wait', ms: 200 })));
  expect(await run({ last: true })).toEqual({ last: true });
});
