import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { sandboxLayoutOf } from '../tests/support/sandbox-remains.ts';
import { sandboxedProcessesOf } from './support/footprint.ts';
import { LambdaClient } from './support/lambda-client.ts';
import { type HearthServer, residentMiB, startHearth } from './support/processes.ts';
import { type Bench, type Measurement, percentile } from './support/report.ts';

const FUNCTIONS = 10;
const OF_EACH = 30;
const ENVIRONMENTS = FUNCTIONS * OF_EACH;
/** Between two starts, so that a few are starting at any time. */
const PACE_MS = 150;
/** For all starts and what a busy machine adds; every invocation waits until then, so that none shares an environment. */
const FILL_MS = ENVIRONMENTS * PACE_MS + 10_000;
const AGAIN_MS = 10_000;
/** Longer than an environment stays idle before it is frozen. */
const SETTLE_MS = 5_000;

const CODE = `const id = crypto.randomUUID();
exports.handler = ({ untilMs }) =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, untilMs - Date.now()), id));
`;

interface Answer {
  /** Of the environment. */
  readonly id: string;
  readonly cold: boolean;
}

/** All invocations wait in their environments until the last has one. */
async function invokeAll(client: LambdaClient, holdMs: number, paceMs: number): Promise<readonly Answer[]> {
  const untilMs = Date.now() + holdMs;
  const calls = Array.from({ length: ENVIRONMENTS }, async (_, index): Promise<Answer> => {
    await wait(index * paceMs);
    const { body, log } = await client.invokeTraced(`many-${index % FUNCTIONS}`, { untilMs }, {});
    return { id: body, cold: log.includes('Init Duration') };
  });
  return Promise.all(calls);
}

interface Memory {
  /** Proportional share of all that is mapped, as the kernel counts it: what is shared counts once in the sum. */
  readonly perEnvironmentMiB: number;
  readonly inAllMiB: number;
  readonly serverMiB: number;
  readonly processes: number;
}

function measureMemory({ pid, dataDir }: HearthServer): Memory {
  const processes = sandboxedProcessesOf(sandboxLayoutOf(dataDir));
  const inAllMiB = processes.reduce((sum, process) => sum + proportionalMiB(process), 0);
  return {
    perEnvironmentMiB: round(inAllMiB / ENVIRONMENTS),
    inAllMiB: round(inAllMiB),
    serverMiB: round(residentMiB(pid)),
    processes: processes.length,
  };
}

function proportionalMiB(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) / 1_024;
}

/** Pages that the machine has written to swap since it started. */
function swappedOut(): number {
  return Number(/^pswpout (\d+)/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1] ?? 0);
}

function round(value: number): number {
  return Number(value.toFixed(1));
}

interface Many {
  readonly first: readonly Answer[];
  readonly memory: Memory;
  readonly again: readonly Answer[];
  readonly warmMs: number;
}

/** Without a pool, so that nothing but the environments of functions is in sandboxes. */
async function measure(): Promise<Many> {
  const server = await startHearth(undefined, ['--pool', '0']);
  try {
    const client = new LambdaClient(server.port);
    for (let index = 0; index < FUNCTIONS; index++) {
      const name = `many-${index}`;
      await client.create({ name, language: 'nodejs', memoryMiB: 128, code: CODE });
      await client.invoke(name, { untilMs: 0 });
    }
    const first = await invokeAll(client, FILL_MS, PACE_MS);
    await wait(SETTLE_MS);
    const memory = measureMemory(server);
    const again = await invokeAll(client, AGAIN_MS, 0);
    const warmMs: number[] = [];
    for (let index = 0; index < ENVIRONMENTS; index++) {
      const startedMs = performance.now();
      await client.invoke(`many-${index % FUNCTIONS}`, { untilMs: 0 });
      warmMs.push(performance.now() - startedMs);
    }
    return { first, memory, again, warmMs: percentile(warmMs, 0.5) };
  } finally {
    await server.stop();
  }
}

function distinct(answers: readonly Answer[]): number {
  return new Set(answers.map(({ id }) => id)).size;
}

export const manyEnvironments: Bench = {
  promise: 'MANY',
  promised: `${ENVIRONMENTS} idle Node.js environments on one server without swapping, and all still answer`,
  run: async (): Promise<Measurement> => {
    const before = swappedOut();
    const { first, memory, again, warmMs } = await measure();
    const pagesSwapped = swappedOut() - before;
    const known = new Set(first.map(({ id }) => id));
    const still = again.filter(({ id, cold }) => known.has(id) && !cold);
    return {
      measured: `${distinct(first)} idle, ${memory.perEnvironmentMiB} MiB each, server ${memory.serverMiB} MiB; ${distinct(still)} answer again`,
      holds: distinct(first) === ENVIRONMENTS && distinct(still) === ENVIRONMENTS && pagesSwapped === 0,
      details: {
        environments: distinct(first),
        memory,
        pagesSwapped,
        answeredAgain: distinct(still),
        warmP50Ms: round(warmMs),
      },
    };
  },
};
