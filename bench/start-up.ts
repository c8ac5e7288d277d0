import { rmSync } from 'node:fs';
import { LambdaClient } from './support/lambda-client.ts';
import { makeDataFolder, residentMiB, startHearth } from './support/processes.ts';
import { type Bench, type Measurement, percentile } from './support/report.ts';

const FUNCTIONS = 100;
const STARTS = 10;
/** Until what starting left behind is collected. */
const IDLE_MS = 3_000;

export const startUp: Bench = {
  promise: 'P6',
  promised: `ready ≤ 400 ms from start, ≤ 120 MiB resident when idle with ${FUNCTIONS} functions`,
  run: async (): Promise<Measurement> => {
    const folder = makeDataFolder();
    try {
      await deploy(folder);
      const readyMs: number[] = [];
      for (let start = 0; start < STARTS; start++) {
        const server = await startHearth(folder);
        readyMs.push(server.readyMs);
        await server.stop();
      }
      const idleMiB = await measureIdle(folder);
      const medianMs = percentile(readyMs, 0.5);
      return {
        measured: `${medianMs.toFixed(0)} ms, ${idleMiB.toFixed(0)} MiB`,
        holds: medianMs <= 400 && idleMiB <= 120,
        details: { readyMs, idleMiB },
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function deploy(folder: string): Promise<void> {
  const server = await startHearth(folder);
  const client = new LambdaClient(server.port);
  for (let index = 0; index < FUNCTIONS; index++) {
    await client.create({ name: `function-${index}`, language: index % 2 ? 'python' : 'nodejs' });
  }
  await server.stop();
}

async function measureIdle(folder: string): Promise<number> {
  const server = await startHearth(folder);
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const idleMiB = residentMiB(server.pid);
  await server.stop();
  return idleMiB;
}
