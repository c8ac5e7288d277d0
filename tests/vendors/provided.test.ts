import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect } from 'vitest';
import { createFunction, invoke, lambdaClient } from '../support/functions.ts';
import { type RunningHearth, startHearth } from '../support/hearth.ts';
import { needs } from '../support/programs.ts';
import { isOnPath, type VendorBuild, vendorBuild } from '../support/vendor-builds.ts';

/** Functions of compiled languages with the libraries of AWS, built here and run as custom runtimes. */
let hearth: RunningHearth;
let client: LambdaClient;

beforeAll(async () => {
  hearth = await startHearth();
  client = lambdaClient(hearth.endpoint);
});

afterAll(async () => {
  client?.destroy();
  await hearth?.dispose();
});

const BUILD_TIMEOUT_MS = 300_000;

async function deploy(which: VendorBuild, Runtime: 'provided.al2023' | 'provided.al2'): Promise<string> {
  const bootstrap = readFileSync(join(await vendorBuild(which), 'bootstrap'));
  const name = `${which}-${Runtime.replace('.', '-')}`;
  await createFunction(client, {
    name,
    files: { bootstrap },
    Runtime,
    Handler: 'bootstrap',
    MemorySize: 256,
  });
  return name;
}

/** Whole, since the crate refuses one that lacks a member, as it does on AWS. */
const clientContext = {
  custom: { mine: '1' },
  env: {},
  client: {
    installation_id: 'i',
    app_title: 't',
    app_version_name: '1',
    app_version_code: '1',
    app_package_name: 'p',
  },
};

/** The answer with a client context, and the id of the request that it belongs to. */
async function greet(name: string) {
  const answer = await client.send(
    new InvokeCommand({
      FunctionName: name,
      Payload: Buffer.from('{"name":"Ada"}'),
      ClientContext: Buffer.from(JSON.stringify(clientContext)).toString('base64'),
    }),
  );
  const payload = JSON.parse(answer.Payload?.transformToString() ?? '') as object;
  return { payload, requestId: answer.$metadata.requestId };
}

const systems = ['provided.al2023', 'provided.al2'] as const;

for (const system of systems) {
  needs(isOnPath('go'), 'go')(
    `Go with aws-lambda-go on ${system}`,
    { timeout: BUILD_TIMEOUT_MS },
    async () => {
      const name = await deploy('go', system);
      for (const count of [1, 2]) {
        const { payload, requestId } = await greet(name);
        expect(payload).toEqual({
          hello: 'Ada',
          count,
          request: requestId,
          arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
          custom: { mine: '1' },
          memory: 256,
          left: true,
          task: '/var/task',
        });
      }
      const failed = await invoke(client, name, { do: 'fail' });
      expect(failed).toMatchObject({
        functionError: 'Unhandled',
        payload: { errorMessage: 'not today', errorType: 'refused' },
      });
      expect(failed.log).toContain('working on fail\n');
      const panicked = await invoke(client, name, { do: 'panic' });
      expect(panicked).toMatchObject({
        functionError: 'Unhandled',
        payload: {
          errorMessage: 'out of order',
          errorType: 'string',
          stackTrace: expect.arrayContaining([expect.objectContaining({ label: 'handle' })]),
        },
      });
      expect((await greet(name)).payload).toMatchObject({ count: 1 });
    },
  );

  needs(isOnPath('cargo'), 'cargo')(
    `Rust with lambda_runtime on ${system}`,
    { timeout: BUILD_TIMEOUT_MS },
    async () => {
      const name = await deploy('rust', system);
      const { payload, requestId } = await greet(name);
      expect(payload).toEqual({
        hello: 'Ada',
        request: requestId,
        arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
        custom: { mine: '1' },
        memory: 256,
        left: true,
      });
      expect(await invoke(client, name, { do: 'fail' })).toMatchObject({
        functionError: 'Unhandled',
        payload: { errorMessage: 'not today', errorType: expect.stringContaining('dyn core::error::Error') },
      });
      expect(await invoke(client, name, { do: 'panic' })).toMatchObject({
        functionError: 'Unhandled',
        payload: { errorMessage: expect.stringContaining('out of order') },
      });
      const exited = await invoke(client, name, { do: 'exit' });
      expect(exited.payload).toMatchObject({
        errorType: 'Runtime.ExitError',
        errorMessage: expect.stringContaining('exit status 3'),
      });
      expect(exited.log).toContain('working on "exit"\n');
    },
  );
}
