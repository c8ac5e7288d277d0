import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { attackTest as test } from '../support/attacks.ts';
import { createNode, createPython, invoke, lambdaClient } from '../support/functions.ts';
import { type RunningHearth, startHearth } from '../support/hearth.ts';
import { bothLanguagesWait, statusOf } from '../support/pool-status.ts';
import { programsOf, remainsOf, sandboxLayoutOf } from '../support/sandbox-remains.ts';

let dataFolder: string;
let hearth: RunningHearth;

beforeAll(async () => {
  dataFolder = mkdtempSync(join(tmpdir(), 'hearth-pool-crash-'));
  hearth = await startHearth({ dataFolder });
});
afterAll(() => hearth.dispose());

/** Where a crashed server left things, the next one leaves nothing but what it made itself. */
async function restart(): Promise<void> {
  const layout = sandboxLayoutOf(dataFolder);
  const left = remainsOf(layout).filter((line) => line.includes('env-'));
  expect(left.length).toBeGreaterThan(0);
  hearth = await startHearth({ dataFolder });
  expect(remainsOf(layout).filter((line) => line.includes('env-'))).toEqual([]);
  expect(programsOf(layout).filter((line) => line.includes('env-'))).toEqual([]);
}

async function createAll(count: number): Promise<void> {
  const client = lambdaClient(hearth.endpoint);
  for (let index = 0; index < count; index++) {
    await createNode(client, `node-${index}`, `export const handler = async () => ${index};\n`);
    await createPython(client, `python-${index}`, `def handler(event, context):\n    return ${index}\n`);
  }
}

test('killed while generic environments wait and while they are bound, it leaves nothing to the next server', async () => {
  await createAll(6);
  for (const round of [0, 1, 2]) {
    const client = lambdaClient(hearth.endpoint);
    await Promise.all([invoke(client, 'node-0'), invoke(client, 'python-0')]);
    await bothLanguagesWait(hearth);
    if (round > 0) {
      // Cold starts of all others, and the end as soon as one of them has its answer.
      const answers = [1, 2, 3, 4, 5].flatMap((index) => [
        invoke(client, `node-${index}`),
        invoke(client, `python-${index}`),
      ]);
      if (round === 1) await Promise.any(answers);
      await Promise.all([hearth.kill(), Promise.allSettled(answers)]);
    } else {
      await hearth.kill();
    }
    await restart();
    const after = lambdaClient(hearth.endpoint);
    expect((await invoke(after, 'node-3')).payload).toBe(3);
    expect((await invoke(after, 'python-4')).payload).toBe(4);
  }
});

test('a server without a pool keeps nothing ready, and says so by its silence', async () => {
  await hearth.stop();
  hearth = await startHearth({ dataFolder, args: ['--pool', '0'] });
  expect((await statusOf(hearth)).environments.pool).toBeUndefined();
  const client = lambdaClient(hearth.endpoint);
  expect((await invoke(client, 'node-1')).payload).toBe(1);
  expect((await invoke(client, 'node-2')).payload).toBe(2);
});
