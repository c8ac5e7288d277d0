import { setTimeout as wait } from 'node:timers/promises';
import { sandboxLayoutOf } from '../tests/support/sandbox-remains.ts';
import { type Footprint, footprintOf, isSame } from './support/footprint.ts';
import { LambdaClient } from './support/lambda-client.ts';
import { type HearthServer, residentMiB, startHearth } from './support/processes.ts';
import { type Bench, type Measurement, percentile } from './support/report.ts';

const WORKERS = 4;
const CALLS = 5;
/** Of so many functions one is left to expire. */
const EXPIRING = 8;
/** Long enough to be learned from. */
const PAUSE_MS = 1_100;
/** Until the first measure: every path was taken, and the compiler is done with most of them. */
const WARM_UP_LIVES = 100;
/** The pool keeps more than one of a kind for a minute after several cold starts, and what expires does so after a minute. */
const SETTLE_MS = 80_000;
/** It has to be so for as long: environments that end are gone after two seconds at most. */
const SETTLED_MS = 3_000;
const MEMORY_SAMPLES = 20;
/** What the garbage collector makes of the same live objects differs by as much. */
const MOST_GROWTH = 0.1;

const LANGUAGES = ['nodejs', 'python'] as const;

/** The ways in which an environment of the function may end, by what the event asks for. */
const CODES = {
  nodejs: (mark: number): string => `exports.handler = async ({ exit }) => {
  console.log('a line of the log');
  if (exit) process.exit(1);
  return ${mark};
};
`,
  python: (mark: number): string => `import os, subprocess

def handler(event, context):
    print('a line of the log')
    open('/tmp/file', 'w').write('x' * 100000)
    if event.get('exit'):
        subprocess.Popen(['sleep', '1000'])
        os._exit(1)
    return ${mark}
`,
};

/** One function from creation to deletion: called, crashed in every other life, updated, called at once by two. */
async function live(client: LambdaClient, number: number): Promise<void> {
  const [name, language] = [`turnover-${number}`, LANGUAGES[number % 2] ?? 'nodejs'];
  await client.create({ name, language, memoryMiB: 256, code: CODES[language](1) });
  await callAll(client, name, '1');
  if (number % 4 < 2) await crash(client, name);
  await client.update(name, language, CODES[language](2));
  if (number % EXPIRING === 0) return callRarely(client, name, '2');
  await callAll(client, name, '2');
  await client.delete(name);
}

/** Hearth learns from the pauses to keep the environment for no more than a minute. Nobody deletes the function: it expires. */
async function callRarely(client: LambdaClient, name: string, expected: string): Promise<void> {
  for (let call = 0; call < CALLS; call++) {
    await expectAnswer(client, name, expected);
    await wait(PAUSE_MS);
  }
  await expectAnswer(client, name, expected);
}

/** One after the other, then two at once. */
async function callAll(client: LambdaClient, name: string, expected: string): Promise<void> {
  for (let call = 0; call < CALLS; call++) await expectAnswer(client, name, expected);
  await Promise.all([expectAnswer(client, name, expected), expectAnswer(client, name, expected)]);
}

async function expectAnswer(client: LambdaClient, name: string, expected: string): Promise<void> {
  const { body } = await client.invokeTraced(name, {}, {});
  if (body !== expected) throw new Error(`${name} answered ${body} in place of ${expected}`);
}

async function crash(client: LambdaClient, name: string): Promise<void> {
  const answer = await client.invoke(name, { exit: true }).catch((error: Error) => error.message);
  if (!answer.includes('Runtime.ExitError')) throw new Error(`${name} did not crash: ${answer}`);
}

interface Turnover {
  readonly lives: number;
  readonly before: Footprint;
  readonly after: Footprint;
  readonly beforeMiB: number;
  readonly afterMiB: number;
}

async function measure(durationMs: number): Promise<Turnover> {
  const server = await startHearth();
  try {
    let lives = 0;
    /** Everything deployed is deleted again, and all connections are closed. */
    const round = async (goesOn: () => boolean): Promise<void> => {
      const client = new LambdaClient(server.port);
      const work = async (): Promise<void> => {
        while (goesOn()) await live(client, lives++);
      };
      await Promise.all(Array.from({ length: WORKERS }, work));
      client.close();
    };
    await round(() => lives < WARM_UP_LIVES);
    const before = await settle(server);
    const beforeMiB = await medianMiB(server);
    const [warmUpLives, endMs] = [lives, performance.now() + durationMs];
    await round(() => performance.now() < endMs);
    const after = await settle(server, before);
    return { lives: lives - warmUpLives, before, after, beforeMiB, afterMiB: await medianMiB(server) };
  } finally {
    await server.stop();
  }
}

/** What the server holds when it has come to rest; where it should be as before, as soon as it is. */
async function settle({ pid, dataDir }: HearthServer, before?: Footprint): Promise<Footprint> {
  const layout = sandboxLayoutOf(dataDir);
  const deadlineMs = performance.now() + SETTLE_MS;
  while (performance.now() < deadlineMs) {
    const now = footprintOf(pid, layout);
    await wait(SETTLED_MS);
    if (before && isSame(before, now) && isSame(now, footprintOf(pid, layout))) return now;
  }
  return footprintOf(pid, layout);
}

async function medianMiB({ pid }: HearthServer): Promise<number> {
  const samples: number[] = [];
  for (let sample = 0; sample < MEMORY_SAMPLES; sample++) {
    samples.push(residentMiB(pid));
    await wait(250);
  }
  return percentile(samples, 0.5);
}

function inWords(footprint: Footprint): string {
  const { processes, mounts, networkNamespaces, loopDevices, cgroups, descriptors } = footprint;
  return `${processes} processes, ${mounts} mounts, ${networkNamespaces} network namespaces, ${loopDevices} loop devices, ${cgroups} cgroups, ${descriptors} descriptors`;
}

export const turnover: Bench = {
  promise: 'SOAK',
  promised: `functions come, run, crash, change, expire and go: afterwards nothing is left, and memory is within ${MOST_GROWTH * 100} %`,
  run: async (): Promise<Measurement> => {
    const minutes = Number(process.env['HEARTH_SOAK_MINUTES'] ?? 1);
    const { lives, before, after, beforeMiB, afterMiB } = await measure(minutes * 60_000);
    const same = isSame(before, after);
    const kept = same ? `${inWords(after)} as before` : `${inWords(after)}, before ${inWords(before)}`;
    return {
      measured: `${lives} functions in ${minutes} min: ${kept}; ${beforeMiB.toFixed(0)} → ${afterMiB.toFixed(0)} MiB`,
      holds: same && afterMiB <= beforeMiB * (1 + MOST_GROWTH),
      details: { minutes, lives, before, after, beforeMiB, afterMiB },
    };
  },
};
