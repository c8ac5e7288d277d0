import { invokeRequest, LambdaClient } from './support/lambda-client.ts';
import { load, residentMiB, startHearth } from './support/processes.ts';
import { type Bench, type Measurement, percentile } from './support/report.ts';

const FIRST_MARK = 10_000;
const LAST_MARK = 200_000;
const SAMPLES = 20;
const SLICE_MS = 250;

export const soak: Bench = {
  promise: 'P10',
  promised: 'memory grows < 5 % between the 10,000th and the 200,000th invocation',
  run: async (): Promise<Measurement> => {
    const server = await startHearth();
    try {
      await new LambdaClient(server.port).create({ name: 'soak', language: 'nodejs' });
      const done = { invocations: 0 };
      const slice = async (): Promise<void> => {
        const request = invokeRequest('soak', '{"hello":"world"}');
        const plan = { port: server.port, request, connections: 16, warmUpMs: 0, measureMs: SLICE_MS };
        done.invocations += (await load(plan)).requests;
      };
      const medianAfter = async (mark: number): Promise<number> => {
        for (; done.invocations < mark; ) await slice();
        const samples: number[] = [];
        while (samples.length < SAMPLES) {
          await slice();
          samples.push(residentMiB(server.pid));
        }
        return percentile(samples, 0.5);
      };
      const [firstMiB, lastMiB] = [await medianAfter(FIRST_MARK), await medianAfter(LAST_MARK)];
      const growth = lastMiB / firstMiB - 1;
      return {
        measured: `${(growth * 100).toFixed(1)} % (${firstMiB.toFixed(0)} → ${lastMiB.toFixed(0)} MiB)`,
        holds: growth < 0.05,
        details: { firstMiB, lastMiB, ...done },
      };
    } finally {
      await server.stop();
    }
  },
};
