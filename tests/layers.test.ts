import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { expect, test } from 'vitest';

/** Rank of each module: it may import only modules of a lower rank, through their `index.ts`. */
const ranks: Readonly<Record<string, number>> = {
  base: 0,
  model: 1,
  sandbox: 1,
  'aws-protocol': 1.5,
  store: 2,
  telemetry: 2.5,
  neighbours: 3,
  functions: 4,
  'runtime-api': 4,
  runtimes: 4,
  environments: 5,
  scheduler: 6,
  invoke: 7,
  'async-invoke': 8,
  'event-source-mappings': 9,
  'http-triggers': 9,
  'push-triggers': 9,
  durable: 9,
  api: 10,
  templates: 10,
  edge: 11,
  operator: 11.5,
  'main.ts': 12,
  cli: 13,
};

const root = join(import.meta.dirname, '../src');

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/^(?:import|export)[^;'"]*?from\s+'([^']+)'|import\('([^']+)'\)/gm)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
}

function moduleOf(path: string): string {
  return relative(root, path).split('/')[0] ?? '';
}

function violations(file: string): string[] {
  const from = moduleOf(file);
  return importsOf(file)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => normalize(join(dirname(file), specifier)))
    .filter((target) => target.startsWith(root) && moduleOf(target) !== from)
    .flatMap((target) => {
      const to = moduleOf(target);
      const where = `${relative(root, file)} imports ${relative(root, target)}`;
      const [fromRank, toRank] = [ranks[from], ranks[to]];
      if (fromRank === undefined || toRank === undefined) return [`${where}: a module without a rank`];
      if (toRank >= fromRank) return [`${where}: rank ${fromRank} must not import rank ${toRank}`];
      return target.endsWith(`${to}/index.ts`) || to === 'main.ts' ? [] : [`${where}: only through index.ts`];
    });
}

test('modules import only modules of a lower rank, through their index', () => {
  const files = sources(root).filter((file) => !/\.(test|contract)\.ts$/.test(file));
  expect(files.length).toBeGreaterThan(10);
  expect(files.flatMap(violations)).toEqual([]);
});
