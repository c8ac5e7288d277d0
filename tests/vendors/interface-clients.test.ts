import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateFunctionCommand,
  type LambdaClient,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect } from 'vitest';
import { createFunction, invoke, lambdaClient, ROLE } from '../support/functions.ts';
import { type RunningHearth, root, startHearth } from '../support/hearth.ts';
import { needs } from '../support/programs.ts';
import { isOnPath, vendorBuild } from '../support/vendor-builds.ts';

/** The runtime interface clients of AWS for the languages that Hearth has bootstraps of its own for. */
let live: string;
let hearth: RunningHearth;
let client: LambdaClient;

beforeAll(async () => {
  live = mkdtempSync(join(tmpdir(), 'hearth-clients-'));
  chmodSync(live, 0o755);
  hearth = await startHearth({ args: ['--hot-reload', live] });
  client = lambdaClient(hearth.endpoint);
});

afterAll(async () => {
  client?.destroy();
  await hearth?.dispose();
  rmSync(live, { recursive: true, force: true });
});

const NODE_HANDLER = `let count = 0;
export const handler = async (event, context) => {
  console.log('working on', event.do);
  if (event.do === 'fail') throw new RangeError('not today');
  return { count: ++count, request: context.awsRequestId, name: context.functionName, left: context.getRemainingTimeInMillis() > 0 };
};
`;

const PYTHON_HANDLER = `count = 0
def handler(event, context):
    global count
    count += 1
    print("working on", event.get("do"))
    if event.get("do") == "fail":
        raise IndexError("not today")
    return {"count": count, "request": context.aws_request_id, "name": context.function_name,
            "left": context.get_remaining_time_in_millis() > 0}
`;

async function expectLife(name: string, failure: object): Promise<void> {
  for (const count of [1, 2]) {
    const answer = await invoke(client, name, {});
    const request = /START RequestId: (\S+)/.exec(answer.log)?.[1];
    expect(answer.payload).toEqual({ count, request, name, left: true });
  }
  const failed = await invoke(client, name, { do: 'fail' });
  expect(failed).toMatchObject({ functionError: 'Unhandled', payload: failure });
  expect(failed.log).toContain('working on fail');
}

needs(isOnPath('cmake') && isOnPath('npm'), 'npm and cmake')(
  'aws-lambda-ric in the place of the bootstrap for Node.js',
  { timeout: 400_000 },
  async () => {
    const built = await vendorBuild('aws-lambda-ric');
    cpSync(join(built, 'node_modules'), join(live, 'node_modules'), { recursive: true });
    copyFileSync(process.execPath, join(live, 'node'));
    writeFileSync(join(live, 'index.mjs'), NODE_HANDLER);
    const start = '#!/bin/sh\nexec ./node node_modules/aws-lambda-ric/index.mjs "$_HANDLER"\n';
    writeFileSync(join(live, 'bootstrap'), start, { mode: 0o755 });
    const FunctionName = 'node-client';
    await client.send(
      new CreateFunctionCommand({
        FunctionName,
        Runtime: 'provided.al2023',
        Handler: 'index.handler',
        Role: ROLE,
        Code: { S3Bucket: 'hot-reload', S3Key: live },
        MemorySize: 256,
        Timeout: 20,
      }),
    );
    await waitUntilFunctionActiveV2(
      { client, maxWaitTime: 60, minDelay: 0.05, maxDelay: 0.5 },
      { FunctionName },
    );
    await expectLife(FunctionName, { errorType: 'RangeError', errorMessage: 'not today' });
  },
);

/** Installed by pip for this very version of Python, which has to be one that sandboxes see. */
function pythonClient() {
  const library = join(root, '.venv/lib');
  const [version = ''] = existsSync(library) ? readdirSync(library) : [];
  const packages = join(library, version, 'site-packages');
  const python = `/usr/bin/${version}`;
  return existsSync(join(packages, 'awslambdaric')) && existsSync(python) ? { python, packages } : undefined;
}

const found = pythonClient();

needs(found, 'awslambdaric in .venv, for a Python in /usr/bin')(
  'awslambdaric in the place of the bootstrap for Python',
  async () => {
    const { python = '', packages = '' } = found ?? {};
    const wanted = /^(awslambdaric|runtime_client|simplejson|snapshot_restore_py)(\/|\.)(?!.*__pycache__)/;
    const names = readdirSync(packages, { recursive: true, encoding: 'utf8' }).filter((name) =>
      wanted.test(name),
    );
    const library = names.flatMap((name) => {
      const path = join(packages, name);
      return /\.(py|so)$/.test(name) ? [[name, readFileSync(path)] as const] : [];
    });
    const name = 'python-client';
    const bootstrap = `#!/bin/sh\nexec ${python} -m awslambdaric "$_HANDLER"\n`;
    const files = { ...Object.fromEntries(library), bootstrap, 'app.py': PYTHON_HANDLER };
    await createFunction(client, {
      name,
      files,
      Runtime: 'provided.al2023',
      Handler: 'app.handler',
      Timeout: 20,
    });
    await expectLife(name, { errorType: 'IndexError', errorMessage: 'not today' });
    const Handler = 'app.missing';
    await client.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, Handler }));
    await waitUntilFunctionUpdatedV2({ client, maxWaitTime: 60, minDelay: 0.05 }, { FunctionName: name });
    expect((await invoke(client, name)).payload).toMatchObject({
      errorType: 'Runtime.HandlerNotFound',
      errorMessage: "Handler 'missing' missing on module 'app'",
    });
  },
);
