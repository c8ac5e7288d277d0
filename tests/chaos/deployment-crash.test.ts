import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LambdaClient, ListFunctionsCommand, UpdateFunctionCodeCommand } from '@aws-sdk/client-lambda';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createNode, invoke, lambdaClient } from '../support/functions.ts';
import { type RunningHearth, startHearth } from '../support/hearth.ts';
import { zip } from '../support/zip.ts';

const ROUNDS = 4;
const FUNCTIONS = ['one', 'two', 'three'] as const;

let dataFolder: string;

beforeEach(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'hearth-crash-'));
});

afterEach(() => rmSync(dataFolder, { recursive: true, force: true }));

function source(number: number): string {
  return `export const handler = async () => ${number};\n`;
}

/** Deploys ever newer code to every function until the server dies; records what was answered. */
async function deployUntilDeath(
  client: LambdaClient,
  name: string,
  from: number,
  acknowledged: Map<string, number>,
): Promise<void> {
  for (let number = from; ; ) {
    try {
      await client.send(
        new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: zip({ 'index.mjs': source(number) }) }),
      );
      acknowledged.set(name, number);
      number += 1;
    } catch (error) {
      if (error instanceof Error && error.name === 'ResourceConflictException') continue;
      return;
    }
  }
}

async function killDuringDeployments(
  hearth: RunningHearth,
  client: LambdaClient,
  acknowledged: Map<string, number>,
  updates: number,
): Promise<void> {
  const before = [...acknowledged.values()].reduce((sum, number) => sum + number, 0);
  const deploying = FUNCTIONS.map((name) =>
    deployUntilDeath(client, name, (acknowledged.get(name) ?? 0) + 1, acknowledged),
  );
  const enough = new Promise<void>((resolve) => {
    const look = () => {
      const after = [...acknowledged.values()].reduce((sum, number) => sum + number, 0);
      if (after - before >= updates) resolve();
      else setImmediate(look);
    };
    look();
  });
  await enough;
  await hearth.kill();
  await Promise.all(deploying);
}

test('a server killed during deployments has, afterwards, the old code or the new, and all that it acknowledged', async () => {
  const acknowledged = new Map<string, number>();
  let hearth = await startHearth({ dataFolder });
  let client = lambdaClient(hearth.endpoint);
  for (const name of FUNCTIONS) {
    await createNode(client, name, source(0));
    acknowledged.set(name, 0);
  }
  const moments = fc.sample(fc.integer({ min: 1, max: 9 }), ROUNDS);
  for (const updates of moments) {
    await killDuringDeployments(hearth, client, acknowledged, updates);
    hearth = await startHearth({ dataFolder });
    client = lambdaClient(hearth.endpoint);
    const { Functions } = await client.send(new ListFunctionsCommand({}));
    expect(Functions?.map((entry) => entry.FunctionName).sort()).toEqual([...FUNCTIONS].sort());
    for (const name of FUNCTIONS) {
      const { payload } = await invoke(client, name);
      // The update that was cut off may have been committed before its answer could be sent.
      const last = acknowledged.get(name) ?? 0;
      expect([last, last + 1]).toContain(payload);
      acknowledged.set(name, payload as number);
    }
  }
  await hearth.dispose();
});
