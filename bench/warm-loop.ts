/** How fast warm invocations run below the edge: invoker, scheduler, Runtime API, sandboxed function, logs. */
import { randomUUID } from 'node:crypto';
import { openExecutionStack } from './support/execution-stack.ts';

const SECONDS = 4;
const payload = Buffer.from('{"hello":"world"}');
const address = { account: '000000000000', region: 'us-east-1', name: 'fn' };

const stack = await openExecutionStack('nodejs');
try {
  for (const callers of [1, 16]) {
    await measure(callers, 1);
    console.log(await measure(callers, SECONDS));
  }
} finally {
  await stack.close();
}

async function measure(callers: number, seconds: number): Promise<object> {
  const untilMs = performance.now() + seconds * 1_000;
  const latencies: number[] = [];
  const caller = async (): Promise<void> => {
    while (performance.now() < untilMs) {
      const startedMs = performance.now();
      await stack.invoker.invoke({ address, requestId: randomUUID(), payload, tail: false });
      latencies.push(performance.now() - startedMs);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  latencies.sort((a, b) => a - b);
  const at = (share: number): number =>
    Math.round((latencies[Math.floor(latencies.length * share)] ?? 0) * 1_000);
  return { callers, perSecond: Math.round(latencies.length / seconds), p50us: at(0.5), p99us: at(0.99) };
}
