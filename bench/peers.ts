import type { Compared } from './peers/comparison-table.ts';
import { type Contender, contenders } from './peers/contenders.ts';
import { installPeers } from './peers/install.ts';
import type { LoadResult } from './support/load-generator.ts';
import { load, type RunningServer } from './support/processes.ts';
import { type Bench, type Measurement, percentile } from './support/report.ts';

const COLD_STARTS = 20;
const ROUNDS = 3;
const ROUND_MS = 4_000;
const WARM_UP_MS = 12_000;
/** How much more than the peer that has workers. The other one calls the function within its server. */
const PROMISED_RATIO = 3;

interface Running {
  readonly contender: Contender;
  readonly server: RunningServer;
}

export const peers: Bench = {
  promise: 'PEERS',
  promised: `isolated, and warm more requests/s than what does not isolate: ≥ ${PROMISED_RATIO} × serverless-offline, ≥ lambda-local`,
  run: async (): Promise<Measurement | undefined> => {
    const folder = await installPeers(COLD_STARTS).catch((error: Error) => skip(error));
    if (folder === undefined) return undefined;
    const compared = await compare(contenders(folder));
    const [ours = 0, offline = 0, local = 0] = compared.map(({ perSecond }) => perSecond);
    return {
      measured: compared
        .map(
          ({ name, perSecond, p50Us, coldP50Ms }) =>
            `${name} ${perSecond}/s, p50 ${p50Us} µs, cold ${coldP50Ms} ms`,
        )
        .join('; '),
      holds: ours >= PROMISED_RATIO * offline && ours >= local && compared[0]?.failed === 0,
      details: { compared },
    };
  },
};

function skip({ message }: Error): undefined {
  console.error(`PEERS is NOT measured, since npm could not install them: ${message}`);
}

/** All run for the whole time and are measured in turns, so that a busy neighbour on the machine meets each of them. */
async function compare(all: readonly Contender[]): Promise<readonly Compared[]> {
  const running: Running[] = [];
  try {
    for (const contender of all) running.push({ contender, server: await contender.start() });
    const cold = new Map<Contender, readonly number[]>();
    for (const { contender, server } of running)
      cold.set(contender, await contender.coldStarts(server, COLD_STARTS));
    const many = await inTurns(running, 16, WARM_UP_MS);
    const one = await inTurns(running, 1, 1_000);
    return running.map(({ contender, server: { readyMs } }) =>
      summary({
        contender,
        readyMs,
        coldMs: cold.get(contender) ?? [],
        many: many.get(contender) ?? [],
        one: one.get(contender) ?? [],
      }),
    );
  } finally {
    await Promise.all(running.map(({ server }) => server.stop()));
  }
}

async function inTurns(
  running: readonly Running[],
  connections: number,
  firstWarmUpMs: number,
): Promise<Map<Contender, LoadResult[]>> {
  const results = new Map<Contender, LoadResult[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const { contender, server } of running) {
      const warmUpMs = round === 0 ? firstWarmUpMs : 1_000;
      const { request } = contender;
      const result = await load({ port: server.port, request, connections, warmUpMs, measureMs: ROUND_MS });
      results.set(contender, [...(results.get(contender) ?? []), result]);
    }
  }
  return results;
}

interface Measured {
  readonly contender: Contender;
  readonly readyMs: number;
  readonly coldMs: readonly number[];
  readonly many: readonly LoadResult[];
  readonly one: readonly LoadResult[];
}

function summary({ contender: { name, version }, readyMs, coldMs, many, one }: Measured): Compared {
  const median = (values: readonly number[]): number => percentile(values, 0.5);
  return {
    name,
    version,
    readyMs: Math.round(readyMs),
    perSecond: median(many.map(({ perSecond }) => perSecond)),
    p50Us: median(one.map(({ p50Us }) => p50Us)),
    coldP50Ms: Number(median(coldMs).toFixed(1)),
    failed: [...many, ...one].reduce((sum, { statuses }) => sum + failedOf(statuses), 0),
  };
}

function failedOf(statuses: Readonly<Record<string, number>>): number {
  return Object.entries(statuses).reduce((sum, [status, count]) => sum + (status === '200' ? 0 : count), 0);
}
