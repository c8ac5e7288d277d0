/** `npm run bench -- P1 P3`: measures the promises named, or all of them, and writes `bench/results/`. */
import { burst } from './burst.ts';
import { coldStart } from './cold-start.ts';
import { growth } from './growth.ts';
import { restore } from './restore.ts';
import { soak } from './soak.ts';
import { startUp } from './start-up.ts';
import { type BenchResult, report } from './support/report.ts';
import { latency, signedThroughput, throughput } from './throughput.ts';

const benches = [throughput, signedThroughput, latency, coldStart, burst, restore, startUp, growth, soak];
const names = process.argv.slice(2).map((name) => name.toUpperCase());
const results: BenchResult[] = [];
for (const bench of benches) {
  if (names.length > 0 && !names.includes(bench.promise)) continue;
  console.error(`measuring ${bench.promise} …`);
  results.push(await bench.run());
}
report(results);
process.exitCode = results.every(({ holds }) => holds) ? 0 : 1;
