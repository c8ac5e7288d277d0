import { LambdaClient } from './support/lambda-client.ts';
import { startHearth } from './support/processes.ts';
import { type Bench, type Measurement, percentile } from './support/report.ts';

const RESTORES = 20;

/** Uses the CPU for 300 ms at its import, and keeps 30 MB; a handler that ends makes the next environment a new one. */
const CODE = `
import os, time
ballast = [str(number) * 10 for number in range(300_000)]
until = time.perf_counter() + 0.3
while time.perf_counter() < until: pass
def handler(event, context):
    if event.get('exit'): os._exit(0)
    return event
`;

const NAME = 'restored:1';

async function measure(): Promise<{ callerMs: number[]; restoreMs: number[]; initMs: number }> {
  const server = await startHearth();
  try {
    const client = new LambdaClient(server.port);
    await client.create({ name: 'restored', language: 'snapStart', code: CODE, snapStart: true });
    const publishedMs = performance.now();
    await client.publishFirst('restored');
    const initMs = performance.now() - publishedMs;
    const [callerMs, restoreMs]: [number[], number[]] = [[], []];
    for (let index = 0; index < RESTORES; index++) {
      const startedMs = performance.now();
      const log = await client.invoke(NAME);
      callerMs.push(performance.now() - startedMs);
      restoreMs.push(Number(/Restore Duration: ([\d.]+) ms/.exec(log)?.[1]));
      await client.invoke(NAME, { exit: true }).catch(() => undefined);
    }
    return { callerMs, restoreMs, initMs };
  } finally {
    await server.stop();
  }
}

export const restore: Bench = {
  promise: 'P5',
  promised: 'SnapStart restore of a Python function with 300 ms of Init: p50 ≤ 15 ms',
  run: async (): Promise<Measurement> => {
    const { callerMs, restoreMs, initMs } = await measure();
    const round = (value: number): number => Math.round(value * 10) / 10;
    const p50Ms = round(percentile(restoreMs, 0.5));
    const details = {
      restores: RESTORES,
      restoreP50Ms: p50Ms,
      restoreMaxMs: round(Math.max(...restoreMs)),
      callerP50Ms: round(percentile(callerMs, 0.5)),
      publishMs: round(initMs),
    };
    return {
      measured: `${p50Ms} ms (as the caller sees it ${details.callerP50Ms} ms)`,
      holds: p50Ms <= 15,
      details,
    };
  },
};
