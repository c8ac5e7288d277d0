/**
 * `npm run bench -- P1 P3` measures the promises named, `npm run bench` all of them; writes `bench/results/` and the pages that
 * show them. `npm run bench -- pages` only writes the pages.
 */
import { benches } from './benches.ts';
import { writePages } from './support/pages.ts';
import { type BenchResult, report } from './support/report.ts';

const names = process.argv.slice(2).map((name) => name.toUpperCase());
const results: BenchResult[] = [];
for (const [file, measures] of Object.entries(benches)) {
  for (const bench of measures) {
    const { promise, promised } = bench;
    if (names.length > 0 && !names.includes(promise)) continue;
    console.error(`measuring ${promise} …`);
    const measurement = await bench.run();
    if (measurement) results.push({ promise, promised, ...measurement, bench: file });
  }
}
report(results);
writePages();
process.exitCode = results.every(({ holds }) => holds) ? 0 : 1;
