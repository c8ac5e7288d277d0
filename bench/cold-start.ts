import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type HANDLERS, LambdaClient } from './support/lambda-client.ts';
import { startHearth } from './support/processes.ts';
import { type Bench, type BenchResult, percentile } from './support/report.ts';

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
}

async function measure(language: keyof typeof HANDLERS, bare: readonly string[]): Promise<ColdStarts> {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-bench-runc-'));
  const server = await startHearth();
  const result: ColdStarts = { hearthMs: [], initMs: [], bareMs: [] };
  try {
    const client = new LambdaClient(server.port);
    await client.create({ name: 'first', language });
    await client.invoke('first');
    for (let index = 0; index < STARTS; index++) {
      await client.create({ name: `cold-${index}`, language });
      const startedMs = performance.now();
      const log = await client.invoke(`cold-${index}`);
      result.hearthMs.push(performance.now() - startedMs);
      result.initMs.push(Number(/Init Duration: ([\d.]+) ms/.exec(log)?.[1]));
      result.bareMs.push(await runBare(folder, bare, index));
    }
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return result;
}

function summary({ hearthMs, initMs, bareMs }: ColdStarts): Record<string, number> {
  const round = (value: number): number => Math.round(value * 10) / 10;
  return {
    p50Ms: round(percentile(hearthMs, 0.5)),
    p99Ms: round(percentile(hearthMs, 0.99)),
    initP50Ms: round(percentile(initMs, 0.5)),
    bareP50Ms: round(percentile(bareMs, 0.5)),
    ratio: Math.round((percentile(hearthMs, 0.5) / percentile(bareMs, 0.5)) * 100) / 100,
  };
}

export const coldStart: Bench = {
  promise: 'P3',
  run: async (): Promise<BenchResult> => {
    const nodejs = summary(await measure('nodejs', ['/lang/node', '-e', '0']));
    const python = summary(await measure('python', ['/usr/bin/python3', '-c', '0']));
    return {
      promise: 'P3',
      promised: 'cold start without pool: p50 ≤ 1.6 × bare `runc run` of the interpreter',
      measured: `Node.js ${nodejs['ratio']} × (${nodejs['p50Ms']} ms), Python ${python['ratio']} × (${python['p50Ms']} ms)`,
      holds: (nodejs['ratio'] ?? 9) <= 1.6 && (python['ratio'] ?? 9) <= 1.6,
      details: { nodejs, python },
    };
  },
};
