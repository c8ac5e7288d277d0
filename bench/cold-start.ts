import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type HANDLERS, LambdaClient } from './support/lambda-client.ts';
import { startHearth } from './support/processes.ts';
import { type Bench, type Measurement, percentile } from './support/report.ts';

const STARTS = 50;
const run = promisify(execFile);

/** The least root file system that an interpreter of this machine starts in. */
function makeRoot(folder: string): string {
  const root = join(folder, 'root');
  for (const name of ['usr', 'proc', 'lang']) mkdirSync(join(root, name), { recursive: true });
  for (const name of ['bin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(root, name));
  return root;
}

function bind(source: string, destination: string): object {
  return { destination, type: 'bind', source, options: ['rbind', 'ro'] };
}

/** The bare interpreter in a sandbox of its own, until it has run an empty program. */
async function runBare(folder: string, args: readonly string[], index: number): Promise<number> {
  const bundle = join(folder, `bundle-${index}`);
  mkdirSync(bundle);
  const namespaces = ['pid', 'network', 'ipc', 'uts', 'mount'].map((type) => ({ type }));
  const config = {
    ociVersion: '1.0.2',
    process: { user: { uid: 0, gid: 0 }, args, env: ['PATH=/usr/bin:/bin'], cwd: '/', noNewPrivileges: true },
    root: { path: makeRoot(bundle), readonly: true },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      bind('/usr', '/usr'),
      bind(dirname(process.execPath), '/lang'),
    ],
    linux: { namespaces },
  };
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
  const startedMs = performance.now();
  await run('runc', ['run', '--bundle', bundle, `bench-${process.pid}-${index}`]);
  return performance.now() - startedMs;
}

interface ColdStarts {
  readonly hearthMs: number[];
  readonly initMs: number[];
  readonly bareMs: number[];
  /** Each phase's name to its durations. */
  readonly phases: Map<string, number[]>;
}

/** Between two cold starts with the pool, as a user has it: nobody deploys and calls twenty times a second. */
const PAUSE_MS = 250;

/** Every cold start by itself; with `bare`, a plain `runc run` of the interpreter after each. */
async function measure(
  language: keyof typeof HANDLERS,
  { pool, bare }: { readonly pool: number; readonly bare?: readonly string[] },
): Promise<ColdStarts> {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-bench-runc-'));
  const server = await startHearth(undefined, ['--pool', String(pool)]);
  const result: ColdStarts = { hearthMs: [], initMs: [], bareMs: [], phases: new Map() };
  try {
    const client = new LambdaClient(server.port);
    await client.create({ name: 'first', language });
    await client.invoke('first');
    for (let index = 0; index < STARTS; index++) {
      await client.create({ name: `cold-${index}`, language });
      if (!bare) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      const startedMs = performance.now();
      const { log, phases } = await client.invokeTraced(`cold-${index}`);
      result.hearthMs.push(performance.now() - startedMs);
      result.initMs.push(Number(/Init Duration: ([\d.]+) ms/.exec(log)?.[1]));
      for (const [name, durationMs] of phases)
        result.phases.set(name, [...(result.phases.get(name) ?? []), durationMs]);
      if (bare) result.bareMs.push(await runBare(folder, bare, index));
    }
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return result;
}

function round(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}

function summary({ hearthMs, initMs, phases }: ColdStarts): Record<string, unknown> {
  return {
    p50Ms: round(percentile(hearthMs, 0.5)),
    p99Ms: round(percentile(hearthMs, 0.99)),
    initP50Ms: round(percentile(initMs, 0.5)),
    phasesP50Ms: Object.fromEntries(
      [...phases].map(([name, durations]) => [name, round(percentile(durations, 0.5), 2)]),
    ),
  };
}

async function bothWays(language: keyof typeof HANDLERS, bare: readonly string[]): Promise<BothWays> {
  const [scratch, pooled] = [
    await measure(language, { pool: 0, bare }),
    await measure(language, { pool: 4 }),
  ];
  const bareMs = percentile(scratch.bareMs, 0.5);
  return {
    p50Ms: round(percentile(pooled.hearthMs, 0.5)),
    p99Ms: round(percentile(pooled.hearthMs, 0.99)),
    ratio: round(percentile(scratch.hearthMs, 0.5) / bareMs, 2),
    details: {
      withPool: { ...summary(pooled), fromThePool: pooled.phases.get('pool')?.length ?? 0, of: STARTS },
      withoutPool: { ...summary(scratch), bareP50Ms: round(bareMs) },
    },
  };
}

interface BothWays {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Without the pool, to the bare interpreter. */
  readonly ratio: number;
  readonly details: object;
}

function holds({ p50Ms, p99Ms, ratio }: BothWays): boolean {
  return p50Ms <= 10 && p99Ms <= 30 && ratio <= 1.6;
}

function inWords({ p50Ms, p99Ms, ratio }: BothWays): string {
  return `p50 ${p50Ms} ms, p99 ${p99Ms} ms, without pool ${ratio} ×`;
}

export const coldStart: Bench = {
  promise: 'P3',
  promised:
    'cold start: p50 ≤ 10 ms, p99 ≤ 30 ms with the pool; without it p50 ≤ 1.6 × bare `runc run` of the interpreter',
  run: async (): Promise<Measurement> => {
    const nodejs = await bothWays('nodejs', ['/lang/node', '-e', '0']);
    const python = await bothWays('python', ['/usr/bin/python3', '-c', '0']);
    return {
      measured: `Node.js ${inWords(nodejs)}; Python ${inWords(python)}`,
      holds: holds(nodejs) && holds(python),
      details: { nodejs: nodejs.details, python: python.details },
    };
  },
};
