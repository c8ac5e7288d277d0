import { burst } from './burst.ts';
import { coldStart } from './cold-start.ts';
import { cpuShare } from './cpu-share.ts';
import { growth } from './growth.ts';
import { manyEnvironments } from './many-environments.ts';
import { peers } from './peers.ts';
import { restore } from './restore.ts';
import { soak } from './soak.ts';
import { startUp } from './start-up.ts';
import { latency, signedThroughput, throughput } from './throughput.ts';
import { turnover } from './turnover.ts';
import type { Bench } from './support/report.ts';

/** What is measured, by the file that does. */
export const benches: Readonly<Record<string, readonly Bench[]>> = {
  'bench/throughput.ts': [throughput, signedThroughput, latency],
  'bench/cold-start.ts': [coldStart],
  'bench/burst.ts': [burst],
  'bench/restore.ts': [restore],
  'bench/start-up.ts': [startUp],
  'bench/growth.ts': [growth],
  'bench/soak.ts': [soak],
  'bench/cpu-share.ts': [cpuShare],
  'bench/many-environments.ts': [manyEnvironments],
  'bench/turnover.ts': [turnover],
  'bench/peers.ts': [peers],
};
