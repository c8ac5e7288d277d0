import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';

export interface Measurement {
  /** What was measured, for the table. */
  readonly measured: string;
  readonly holds: boolean;
  readonly details: object;
}

export interface Bench {
  readonly promise: string;
  /** What is promised, in words. */
  readonly promised: string;
  /** Undefined where it could not be measured, which it says on standard error. */
  run(): Promise<Measurement | undefined>;
}

export interface BenchResult extends Measurement {
  readonly promise: string;
  readonly promised: string;
  /** File of the repository that measured it. */
  readonly bench: string;
}

/** Writes one JSON file for each promise, and prints the table. */
export function report(results: readonly BenchResult[]): void {
  const folder = join(import.meta.dirname, '../results');
  mkdirSync(folder, { recursive: true });
  const machine = {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    node: process.versions.node,
  };
  for (const result of results) {
    const file = join(folder, `${result.promise.toLowerCase()}.json`);
    writeFileSync(file, `${JSON.stringify({ ...result, machine, at: new Date().toISOString() }, null, 2)}\n`);
  }
  const rows = results.map(
    (row) => `| ${row.promise} | ${row.promised} | ${row.measured} | ${row.holds ? 'holds' : 'broken'} |`,
  );
  console.log(['| promise | promised | measured | |', '|---|---|---|---|', ...rows].join('\n'));
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
