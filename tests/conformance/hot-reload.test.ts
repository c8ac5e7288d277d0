import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateFunctionCommand,
  InvokeCommand,
  type LambdaClient,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lambdaClient, ROLE, runtimes } from '../support/functions.ts';
import { type RunningHearth, startHearth } from '../support/hearth.ts';

/** `S3Bucket=hot-reload`: a folder of the host runs as it is, under the folders that the server was started with only. */
let home: string;
let hearth: RunningHearth;
let client: LambdaClient;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'hearth-live-'));
  mkdirSync(join(home, 'allowed'));
  hearth = await startHearth({ args: ['--hot-reload', join(home, 'allowed')] });
  client = lambdaClient(hearth.endpoint);
});

afterAll(async () => {
  await hearth?.dispose();
  rmSync(home, { recursive: true, force: true });
});

const says = (text: string): string => `def handler(event, context):\n    return "${text}"\n`;

function deploy(FunctionName: string, S3Key: string): Promise<unknown> {
  const Code = { S3Bucket: 'hot-reload', S3Key };
  const settings = { Runtime: runtimes.python, Handler: 'app.handler', Role: ROLE, Code };
  return client.send(new CreateFunctionCommand({ FunctionName, ...settings }));
}

async function answer(FunctionName: string): Promise<unknown> {
  const { Payload } = await client.send(new InvokeCommand({ FunctionName }));
  return JSON.parse(Buffer.from(Payload ?? []).toString());
}

test('a saved change is in the next invocations, without a deployment', async () => {
  const folder = join(home, 'allowed/live');
  mkdirSync(folder);
  writeFileSync(join(folder, 'app.py'), says('one'));
  await deploy('live', folder);
  await waitUntilFunctionActiveV2(
    { client, maxWaitTime: 60, minDelay: 0.05, maxDelay: 0.5 },
    { FunctionName: 'live' },
  );
  expect(await answer('live')).toBe('one');
  writeFileSync(join(folder, 'app.py'), says('two'));
  await expect.poll(() => answer('live'), { timeout: 30_000 }).toBe('two');
});

test('a folder that the server was not started with is refused', async () => {
  mkdirSync(join(home, 'secret'));
  await expect(deploy('spy', join(home, 'secret'))).rejects.toMatchObject({
    name: 'InvalidParameterValueException',
    message: expect.stringContaining('--hot-reload DIR'),
  });
});
