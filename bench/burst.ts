import { availableParallelism } from 'node:os';
import { LambdaClient } from './support/lambda-client.ts';
import { startHearth } from './support/processes.ts';
import { type Bench, type Measurement, percentile } from './support/report.ts';

const AT_ONCE = 50;
const SINGLES = 10;
/** Every environment keeps its invocation for so long, so that none can take a second one. */
const HOLD_MS = 5_000;

const CODE = `exports.handler = ({ holdMs }) => new Promise((resolve) => setTimeout(resolve, holdMs));\n`;

interface Burst {
  /** Of one cold start by itself. */
  readonly singleMs: number;
  /** From the first request until the last handler began, at most: its answer, less what it held. */
  readonly lastMs: number;
  readonly p50Ms: number;
  readonly coldStarts: number;
}

async function measure(pool: number): Promise<Burst> {
  const server = await startHearth(undefined, ['--pool', String(pool)]);
  try {
    const client = new LambdaClient(server.port);
    const singles: number[] = [];
    for (let index = 0; index <= SINGLES; index++) {
      await client.create({ name: `single-${index}`, language: 'nodejs', memoryMiB: 128, code: CODE });
      singles.push((await timed(client, `single-${index}`, 0)).tookMs);
    }
    await client.create({ name: 'burst', language: 'nodejs', memoryMiB: 128, code: CODE });
    const all = await Promise.all(Array.from({ length: AT_ONCE }, () => timed(client, 'burst', HOLD_MS)));
    return {
      // The first one made the runtime ready.
      singleMs: percentile(singles.slice(1), 0.5),
      lastMs: Math.max(...all.map(({ tookMs }) => tookMs)) - HOLD_MS,
      p50Ms:
        percentile(
          all.map(({ tookMs }) => tookMs),
          0.5,
        ) - HOLD_MS,
      coldStarts: all.filter(({ cold }) => cold).length,
    };
  } finally {
    await server.stop();
  }
}

async function timed(
  client: LambdaClient,
  name: string,
  holdMs: number,
): Promise<{ readonly tookMs: number; readonly cold: boolean }> {
  const startedMs = performance.now();
  const log = await client.invoke(name, { holdMs });
  return { tookMs: performance.now() - startedMs, cold: log.includes('Init Duration') };
}

export const burst: Bench = {
  promise: 'P4',
  promised:
    '50 cold starts of one function at once: all answered, the last within 50 × one from scratch ÷ cores',
  run: async (): Promise<Measurement> => {
    const [withoutPool, withPool] = [await measure(0), await measure(4)];
    const allowedMs = Math.round((AT_ONCE * withoutPool.singleMs) / availableParallelism());
    const last = [withPool, withoutPool].map(({ lastMs }) => Math.round(lastMs));
    return {
      measured: `the last after ${last[0]} ms (without pool ${last[1]} ms) of ${allowedMs} ms`,
      holds: [withPool, withoutPool].every(
        ({ lastMs, coldStarts }) => lastMs <= allowedMs && coldStarts === AT_ONCE,
      ),
      details: { withPool, withoutPool },
    };
  },
};
