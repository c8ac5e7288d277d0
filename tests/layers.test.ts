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
  tracing: 2.5,
  images: 3,
  neighbours: 3,
  functions: 4,
  'runtime-api': 4,
  runtimes: 4,
  environments: 5,
  scheduler: 6,
  provisioning: 7,
  invoke: 7,
  autoscaling: 8,
  'async-invoke': 8,
  'event-source-mappings': 9,
  'http-triggers': 9,
  'push-triggers': 9,
  durable: 9,
  api: 10,
  templates: 10,
  edge: 11,
  operator: 11.5,
  server: 12,
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
      return target.endsWith(`${to}/index.ts`) ? [] : [`${where}: only through index.ts`];
    });
}

const produced = sources(root).filter((file) => !/\.(test|contract|fixture)\.ts$/.test(file));

test('modules import only modules of a lower rank, through their index', () => {
  expect(produced.length).toBeGreaterThan(10);
  expect(produced.flatMap(violations)).toEqual([]);
});

interface Confined {
  readonly what: string;
  /** Tried on each line that is no comment. */
  readonly pattern: RegExp;
  readonly where: RegExp;
}

/** What stands in few places on purpose; paths are those below `src`. */
const confined: readonly Confined[] = [
  {
    what: 'SQL',
    pattern: /\b(SELECT .+ FROM|INSERT INTO|DELETE FROM|UPDATE \S+ SET|(CREATE|ALTER|DROP) (TABLE|INDEX))\b/,
    // A schema stands beside the stores whose tables it makes.
    where: /^store\/|-store\.ts$|\/(\w+-)?schema\.ts$/,
  },
  {
    what: 'real time',
    // `socket.setTimeout` is the socket's own: Node moves it on for each byte, which a deadline of ours would have to be told.
    pattern:
      /(?<![.\w])(Date\.now|setTimeout|setInterval|performance\.now|process\.hrtime)\b|\bnew Date\(\)|node:timers/,
    where: new RegExp(
      [
        'base/clock\\.ts',
        // A command has nobody to drive a clock for it, and has to stay alive while it waits.
        'cli/commands/logs\\.ts',
      ].join('|'),
    ),
  },
  { what: 'child processes', pattern: /['"](node:)?child_process['"]/, where: /^(sandbox|cli)\// },
  { what: 'the environment of the process', pattern: /\bprocess\.env\b/, where: /^cli\// },
  {
    what: 'HTTP status codes',
    pattern: /\b(status|writeHead\()[:=( ]*[2-5]\d\d\b|\bserviceError\([^,]+, [45]\d\d\b/,
    where: new RegExp(
      [
        '^(aws-protocol|api|edge|operator|runtime-api)/',
        '^model/errors\\.ts',
        // A client of the control routes, which reads them.
        '^cli/control\\.ts',
      ].join('|'),
    ),
  },
  { what: 'making ids at random', pattern: /\brandomUUID\(/, where: /^base\/ids\.ts/ },
];

/** `file:line` of what is confined, by whether it stands where it may. */
function findings({ pattern, where }: Confined): { readonly inside: string[]; readonly outside: string[] } {
  const found = produced.flatMap((file) => {
    const path = relative(root, file);
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.flatMap((line, at) =>
      isComment(line) || !pattern.test(line) ? [] : [`${path}:${at + 1} ${line.trim()}`],
    );
  });
  return {
    inside: found.filter((place) => where.test(pathOf(place))),
    outside: found.filter((place) => !where.test(pathOf(place))),
  };
}

function pathOf(place: string): string {
  return place.slice(0, place.indexOf(':'));
}

function isComment(line: string): boolean {
  return /^\s*(\/\/|\/?\*)/.test(line);
}

test.each(confined)('$what stands only where it may', (rule) => {
  const { inside, outside } = findings(rule);
  expect(outside).toEqual([]);
  // A rule that finds nothing anywhere has stopped looking.
  expect(inside).not.toEqual([]);
});

test('no module keeps state of its own: nothing at its top level can be assigned or filled', () => {
  const mutable =
    /^(export )?(let|var) |^(export )?const \w+(: (?!Readonly)[^=]+)? = (new (Map|Set|WeakMap|WeakSet|Array)\b|\[\]|\{\};)/;
  const tops = produced.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => mutable.test(line))
      .map((line) => `${relative(root, file)}: ${line}`),
  );
  expect(tops).toEqual([]);
  expect('const seen = new Map<string, number>();').toMatch(mutable);
  expect('const known: ReadonlySet<string> = new Set([').not.toMatch(mutable);
});
