import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { runtimes } from '../support/functions.ts';
import { type RunningHearth, root, startHearth } from '../support/hearth.ts';
import { awsEnv, needs, programs, run } from '../support/programs.ts';

let hearth: RunningHearth;

beforeAll(async () => {
  hearth = await startHearth();
});

afterAll(() => hearth?.dispose());

const boto3 = programs.python && (await run([programs.python, '-c', 'import boto3'])).code === 0;
const test = needs(boto3, 'Python with boto3');

test('boto3 drives functions, versions, aliases and layers, its waiters and paginators included', async () => {
  const script = join(root, 'tests/conformance/functions_boto3.py');
  const done = await run([programs.python ?? '', script], {
    env: awsEnv(hearth.endpoint, { TEST_RUNTIME: runtimes.python }),
  });
  expect(`${done.stderr}${done.stdout}`).toBe('ok\n');
});
