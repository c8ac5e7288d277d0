import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, type RunningEdge, runEdge } from './edge.fixture.ts';

let edge: RunningEdge;
beforeAll(async () => {
  edge = await runEdge({ auth: 'keys' });
});
afterAll(() => edge.stop());

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

async function list({ accessKeyId, secretAccessKey, sessionToken }: Keys): Promise<unknown> {
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
  const client = new LambdaClient({
    endpoint: edge.endpoint,
    region: 'us-east-1',
    credentials,
    maxAttempts: 1,
  });
  return client.send(new ListFunctionsCommand({ MaxItems: 10 }));
}

async function newKey(): Promise<Keys> {
  const key = await edge.keys.create('444444444444');
  if (!key) throw new Error('no key');
  return key;
}

test('a key that was made signs calls of its account', async () => {
  await list(await newKey());
  expect(edge.contexts.at(-1)?.account).toBe('444444444444');
});

test('a wrong secret, an unknown key and a deleted key are refused by AWS’s names', async () => {
  const key = await newKey();
  const wrong = list({ ...key, secretAccessKey: 'wrong' });
  await expect(wrong).rejects.toMatchObject({
    name: 'InvalidSignatureException',
    $metadata: { httpStatusCode: 403 },
  });
  await expect(list({ accessKeyId: 'test', secretAccessKey: 'test' })).rejects.toMatchObject({
    name: 'UnrecognizedClientException',
  });
  await edge.keys.delete(key.accessKeyId);
  await expect(list(key)).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
});

test('session credentials sign calls of their role until they expire', async () => {
  const issued = edge.sessions.issue({
    roleArn: 'arn:aws:iam::555555555555:role/r',
    sessionName: 's',
    durationMs: 60_000,
  });
  await list(issued);
  expect(edge.contexts.at(-1)?.caller.arn).toBe('arn:aws:sts::555555555555:assumed-role/r/s');
  const stolen = list({ ...issued, sessionToken: `${issued.sessionToken}x` });
  await expect(stolen).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
  edge.serviceClock.advance(60_000);
  await expect(list(issued)).rejects.toMatchObject({ name: 'ExpiredTokenException' });
});

test('credentials without a signature that holds run nothing', async () => {
  const key = await newKey();
  const before = edge.invocations.length;
  const answer = await call(edge, '/2015-03-31/functions/f/invocations', {
    accessKeyId: key.accessKeyId,
    headers: { 'x-amz-date': '20260101T000000Z' },
  });
  expect(answer.status).toBe(403);
  expect(edge.invocations.length).toBe(before);
});
