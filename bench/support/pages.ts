import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { table, withSection } from '../../scripts/marked-section.ts';
import { type Compared, comparisonTable } from '../peers/comparison-table.ts';
import { benches } from '../benches.ts';
import type { BenchResult } from './report.ts';

const root = join(import.meta.dirname, '../..');

/** A result as it lies in `bench/results/`. */
export interface CommittedResult extends BenchResult {
  readonly machine: { readonly cores: number; readonly cpu: string; readonly node: string };
  readonly at: string;
}

/** Page to its text as the committed results have it, for those that show some. */
export function resultPages(): Readonly<Record<string, string>> {
  const results = committedResults();
  const page = (path: string): string => readFileSync(join(root, path), 'utf8');
  return {
    'SPECIFICATION.md': withSection(page('SPECIFICATION.md'), 'speed', speedTable(results)),
    'docs/comparison.md': withSection(page('docs/comparison.md'), 'numbers', comparison(results)),
  };
}

export function writePages(): void {
  for (const [path, text] of Object.entries(resultPages())) writeFileSync(join(root, path), text);
}

function committedResults(): readonly CommittedResult[] {
  const folder = join(root, 'bench/results');
  return readdirSync(folder)
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Partial<CommittedResult>)
    .filter((result): result is CommittedResult => result.promise !== undefined);
}

/** Every promise that has a bench, measured or not. */
function speedTable(results: readonly CommittedResult[]): string {
  const promises = Object.entries(benches).flatMap(([file, all]) => all.map((bench) => ({ ...bench, file })));
  const rows = promises
    .toSorted((one, other) => rank(one) - rank(other) || one.promise.localeCompare(other.promise))
    .map(({ promise, promised, file }) => {
      const result = results.find((one) => one.promise === promise);
      const verdict = result?.holds ? 'holds' : '**not yet**';
      return [
        promise,
        promised,
        result?.measured ?? 'not measured yet',
        result ? verdict : '',
        `\`${file}\``,
      ];
    });
  return table(['', 'promise', 'measured', '', 'bench'], rows);
}

/** P1, P2, P10, and those with names behind them. */
function rank({ promise }: { readonly promise: string }): number {
  return Number(/^P(\d+)/.exec(promise)?.[1] ?? 1_000);
}

function comparison(results: readonly CommittedResult[]): string {
  const result = results.find(({ promise }) => promise === 'PEERS');
  if (!result) return 'Not measured yet: `npm run bench -- PEERS` does.';
  const { compared } = result.details as { readonly compared: readonly Compared[] };
  const { cores, cpu, node } = result.machine;
  const where = `Measured ${result.at.slice(0, 10)} on ${cores} cores (${cpu}), Node.js ${node}.`;
  return `${comparisonTable(compared)}\n\n${where}`;
}
