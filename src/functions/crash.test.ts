import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FunctionsFixture, openFixture, scope } from '../../tests/support/open-functions.ts';

const KILLS = 8;
const hello = { ...scope, name: 'hello' };
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearth-crash-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the deploying process until it has answered `answers` times and a little longer; answers the last number. */
async function deployAndKill(deployed: number, answers: number): Promise<number> {
  const script = join(import.meta.dirname, '../../tests/support/deploying-process.ts');
  const child = spawn(process.execPath, [script, folder, String(deployed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let last = deployed;
  let seen = 0;
  const ended = once(child, 'close');
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    seen += 1;
    if (seen === answers) setTimeout(() => child.kill('SIGKILL'), Math.random() * 40);
  }
  await ended;
  return last;
}

async function source({ module }: FunctionsFixture, qualifier?: string): Promise<number> {
  const target = await module.lookup.resolve({ ...hello, ...(qualifier === undefined ? {} : { qualifier }) });
  const { task } = await module.lookup.directories(target.version);
  return Number(readFileSync(join(task, 'app.py'), 'utf8'));
}

test('killed at any moment, a function is the old or the new one, and what was answered is kept', async () => {
  let deployed = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    const answered = await deployAndKill(deployed, 1 + (kill % 4));
    const fixture = await openFixture({ folder });
    const { version } = await fixture.module.functions.get(hello);
    expect(version).toMatchObject({ state: 'Active', lastUpdateStatus: 'Successful' });
    const now = await source(fixture);
    expect([answered, answered + 1]).toContain(now);
    for (const published of await fixture.module.versions.list(hello, { after: 0, count: 1_000 })) {
      expect(published.state).toBe('Active');
      expect(await source(fixture, published.version)).toBeLessThanOrEqual(now);
    }
    expect(readdirSync(join(folder, 'code/staging'))).toEqual([]);
    for (const object of readdirSync(join(folder, 'code/objects'))) {
      expect(existsSync(join(folder, 'code/objects', object, 'facts.json'))).toBe(true);
    }
    await fixture.module.close();
    await fixture.database.close();
    deployed = now;
  }
  expect(deployed).toBeGreaterThanOrEqual(KILLS);
}, 120_000);
