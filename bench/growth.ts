import { rmSync } from 'node:fs';
import { invokeRequest, LambdaClient, readRequest } from './support/lambda-client.ts';
import { load, makeDataFolder, type RunningServer, startHearth } from './support/processes.ts';
import { type Bench, type Measurement, percentile } from './support/report.ts';
import { copyFunction } from './support/seed-store.ts';

const VERSIONS = 3;
const FEW = 10;
const MANY = 5_000;
const ROUNDS = 5;
const ROUND_MS = 1_500;

/** The calls that must not grow with the number of functions; `seed-5` is there on both servers. */
const requests: Readonly<Record<string, string>> = {
  GetFunction: readRequest('/seed-5'),
  // As many as there are on the server with few, so that both answers are of one size.
  ListFunctions: readRequest(`?MaxItems=${FEW}`),
  Invoke: invokeRequest('seed-5', '{"hello":"world"}'),
};

export const growth: Bench = {
  promise: 'P9',
  promised: `${MANY} functions × ${VERSIONS} versions: calls within 1.5 × of ${FEW}, start ≤ 2 s`,
  run: async (): Promise<Measurement> => {
    const folders = [makeDataFolder(), makeDataFolder()] as const;
    try {
      await Promise.all([seed(folders[0], FEW), seed(folders[1], MANY)]);
      const readyMs = await measureStarts(folders[1]);
      const [few, many] = [await startHearth(folders[0]), await startHearth(folders[1])];
      try {
        const ratios = await compare(few, many);
        const worst = Math.max(...Object.values(ratios));
        const rows = Object.entries(ratios).map(([name, ratio]) => `${name} ${ratio.toFixed(2)} ×`);
        return {
          measured: `${rows.join(', ')}, start ${readyMs.toFixed(0)} ms`,
          holds: worst <= 1.5 && readyMs <= 2_000,
          details: { ratios, readyMs },
        };
      } finally {
        await Promise.all([few.stop(), many.stop()]);
      }
    } finally {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** One function is deployed as users do, the others are copies of it in the store. */
async function seed(folder: string, count: number): Promise<void> {
  const server = await startHearth(folder);
  const client = new LambdaClient(server.port);
  await client.create({ name: 'seed-0', language: 'nodejs' });
  for (let version = 1; version <= VERSIONS; version++) await client.publish('seed-0', `version ${version}`);
  await server.stop();
  await copyFunction(folder, 'seed-0', count - 1);
}

async function measureStarts(folder: string): Promise<number> {
  const readyMs: number[] = [];
  for (let start = 0; start < ROUNDS; start++) {
    const server = await startHearth(folder);
    readyMs.push(server.readyMs);
    await server.stop();
  }
  return percentile(readyMs, 0.5);
}

/** Medians of latency, many functions to few, in turns, so that a busy neighbour on the machine meets both. */
async function compare(few: RunningServer, many: RunningServer): Promise<Record<string, number>> {
  const ratios: Record<string, number> = {};
  for (const [name, request] of Object.entries(requests)) {
    const rounds: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const measure = async ({ port }: RunningServer): Promise<number> => {
        const result = await load({ port, request, connections: 1, warmUpMs: 500, measureMs: ROUND_MS });
        if (Object.keys(result.statuses).join() !== '200') {
          throw new Error(`${name}: ${JSON.stringify(result.statuses)}`);
        }
        return result.p50Us;
      };
      const fewUs = await measure(few);
      rounds.push((await measure(many)) / fewUs);
    }
    ratios[name] = percentile(rounds, 0.5);
  }
  return ratios;
}
