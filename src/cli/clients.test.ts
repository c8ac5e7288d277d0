import { PassThrough } from 'node:stream';
import { ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lambdaClient } from './clients.ts';
import type { FlagValues } from './command.ts';
import { Output } from './output.ts';

const env = {
  AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'AKIAEXAMPLEEXAMPLE00',
  AWS_SECRET_ACCESS_KEY: 'secret',
};

// The SDK reads the environment of the process.
beforeEach(() => void Object.assign(process.env, env));
afterEach(() => {
  for (const name of Object.keys(env)) delete process.env[name];
});

/** Where a request would go, which it never does. */
async function hostOf(values: FlagValues): Promise<string> {
  const output = new Output('text', new PassThrough(), new PassThrough());
  const client = await lambdaClient(values, {
    env,
    output,
    signal: new AbortController().signal,
    version: '0.0.0',
  });
  let host = '';
  client.middlewareStack.add(
    () => (args) => {
      host = Reflect.get(Object(args.request), 'hostname');
      return Promise.reject(new Error('far enough'));
    },
    { step: 'finalizeRequest' },
  );
  await expect(client.send(new ListFunctionsCommand({}))).rejects.toThrow('far enough');
  return host;
}

test('commands go where AWS_ENDPOINT_URL says', async () => {
  expect(await hostOf({})).toBe('127.0.0.1');
});

test('--endpoint goes before AWS_ENDPOINT_URL, and aws means AWS itself', async () => {
  expect(await hostOf({ endpoint: 'http://192.0.2.1:80' })).toBe('192.0.2.1');
  expect(await hostOf({ endpoint: 'aws' })).toBe('lambda.eu-west-1.amazonaws.com');
});
