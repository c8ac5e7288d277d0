import type { LambdaClient } from '@aws-sdk/client-lambda';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createNode, lambdaClient } from '../support/functions.ts';
import { type RunningHearth, root, startHearth } from '../support/hearth.ts';
import { fillPool, statusOf } from '../support/pool-status.ts';
import { awsEnv, run } from '../support/programs.ts';

let hearth: RunningHearth;
let client: LambdaClient;
beforeAll(async () => {
  hearth = await startHearth();
  client = lambdaClient(hearth.endpoint);
  await createNode(client, 'traced', 'export const handler = async (event) => event;\n');
});
afterAll(async () => {
  client?.destroy();
  await hearth?.dispose();
});

const AUTHORIZATION = `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`;

/** Names of the phases, in order; undefined where the answer says nothing of them. */
async function phasesOf(name: string, headers: Record<string, string>): Promise<string[] | undefined> {
  const answer = await fetch(`${hearth.endpoint}/2015-03-31/functions/${name}/invocations`, {
    method: 'POST',
    headers: { authorization: AUTHORIZATION, 'x-amz-date': '20260101T000000Z', ...headers },
    body: '{}',
  });
  expect(await answer.text()).toBe('{}');
  const header = answer.headers.get('x-hearth-phases');
  expect(header ?? '').toMatch(/^(?:[a-z]+;dur=\d+\.\d{3}(?:, |$))*$/);
  return header?.split(', ').map((phase) => phase.split(';')[0] ?? '');
}

const ASK = { 'x-hearth-trace': '1' };

test('whoever asks is told the phases of a cold and of a warm invocation, nobody else', async () => {
  const cold = (await phasesOf('traced', ASK)) ?? [];
  expect(cold.slice(0, 3)).toEqual(['receive', 'queue', 'prepare']);
  expect(cold.slice(-3)).toEqual(['init', 'invoke', 'answer']);
  expect(['pool,mounts', 'sandbox', 'sandbox,runtime']).toContain(cold.slice(3, -3).join());
  expect(await phasesOf('traced', ASK)).toEqual(['receive', 'queue', 'invoke', 'answer']);
  expect(await phasesOf('traced', {})).toBeUndefined();
  expect(await phasesOf('traced', { 'x-hearth-trace': '0' })).toBeUndefined();
});

test('hearth invoke --trace prints a waterfall beside the answer, and JSON has the numbers', async () => {
  await fillPool(hearth);
  await createNode(client, 'second', 'export const handler = async (event) => event;\n');
  const hearthCli = (...args: string[]) =>
    run([process.execPath, join(root, 'bin/hearth.js'), 'invoke', 'second', ...args], {
      env: awsEnv(hearth.endpoint),
    });
  const { stdout, stderr, code } = await hearthCli('--trace');
  expect([code, stdout]).toEqual([0, '{}\n']);
  const { sandbox } = await statusOf(hearth);
  if (sandbox === 'oci')
    expect(stderr).toMatch(/^pool +\d+\.\d\d ms +█+ +a waiting environment from the pool$/m);
  expect(stderr).toMatch(/^init +\d+\.\d\d ms +█+ +the function's own code, until it is ready$/m);
  expect(stderr).toMatch(/^total +\d+\.\d\d ms$/m);
  const json = JSON.parse((await hearthCli('--trace', '--output', 'json')).stdout) as {
    readonly Phases: readonly { readonly name: string; readonly durationMs: number }[];
  };
  expect(json.Phases.map(({ name }) => name)).toEqual(['receive', 'queue', 'invoke', 'answer']);
  expect((await hearthCli()).stderr).toBe('');
});
