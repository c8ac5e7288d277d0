import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFunction, invoke, lambdaClient } from '../support/functions.ts';
import { type RunningHearth, startHearth } from '../support/hearth.ts';
import { foundNodes, foundPythons } from '../support/interpreters.ts';

/** What functions see and callers get, runtime by runtime, for every interpreter that this machine has. */
const scratch = mkdtempSync(join(tmpdir(), 'hearth-runtimes-'));
const pythons = (await foundPythons(scratch)).map(({ name }) => name).filter((name) => name !== 'python3.8');
const nodes = (await foundNodes(scratch)).map(({ name }) => `${name}.x`);

let hearth: RunningHearth;
let client: LambdaClient;

beforeAll(async () => {
  hearth = await startHearth();
  client = lambdaClient(hearth.endpoint);
});

afterAll(async () => {
  client?.destroy();
  await hearth?.dispose();
  rmSync(scratch, { recursive: true, force: true });
});

const python = `import os
class Refused(Exception):
    pass
def handler(event, context):
    if event == 'raise':
        raise Refused('not today')
    if event == 'context':
        return sorted(name for name in dir(context) if not name.startswith('_'))
    return dict(os.environ)
`;

const node = `class Refused extends Error {
  constructor(message) { super(message); this.name = 'Refused'; }
}
export const handler = async (event, context) => {
  if (event === 'throw') throw new Refused('not today');
  if (event === 'throw text') throw 'only text';
  if (event === 'context') return { ...context, left: context.getRemainingTimeInMillis() > 0 };
  return process.env;
};
`;

/** What the platform gave this process at its start, as the kernel keeps it: bash adds variables of its own. */
const shell = `#!/bin/bash
while true; do
  exec 3<>"/dev/tcp/\${AWS_LAMBDA_RUNTIME_API/://}"
  printf 'GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n' >&3
  while read -r line <&3; line=\${line%$'\\r'}; [ -n "$line" ]; do
    case $line in Lambda-Runtime-Aws-Request-Id:*) id=\${line#*: };; Content-Length:*) length=\${line#*: };; esac
  done
  read -r -N "$length" event <&3
  what=response body='{' comma=
  if [ "$event" = '"fail"' ]; then
    what=error body='{"errorMessage":"not today","errorType":"Shell.Refused","detail":[1]}'
  else
    while IFS= read -r -d '' variable; do
      body="$body$comma\\"\${variable%%=*}\\":\\"\${variable#*=}\\"" comma=,
    done < /proc/$$/environ
    body="$body}"
  fi
  printf 'POST /2018-06-01/runtime/invocation/%s/%s HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\nContent-Length: %s\\r\\n\\r\\n%s' "$id" "$what" "\${#body}" "$body" >&3
  read -r _ <&3
  exec 3>&-
done
`;

const libraries = '/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib';
const programs = '/usr/local/bin:/usr/bin/:/bin:/opt/bin';

/** Every variable of a function with one of its own; nothing else may be there. */
function environment(name: string, runtime: string, more: Readonly<Record<string, unknown>>): object {
  const { hostname, port } = new URL(hearth.endpoint);
  const any = expect.any(String);
  return {
    AWS_ACCESS_KEY_ID: any,
    AWS_SECRET_ACCESS_KEY: any,
    AWS_SESSION_TOKEN: any,
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/),
    AWS_LAMBDA_RUNTIME_API: '169.254.100.1:9001',
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
    AWS_XRAY_DAEMON_ADDRESS: '169.254.100.1:2000',
    _AWS_XRAY_DAEMON_ADDRESS: '169.254.100.1',
    _AWS_XRAY_DAEMON_PORT: '2000',
    LAMBDA_TASK_ROOT: '/var/task',
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    _HANDLER: runtime.startsWith('node') ? 'index.handler' : 'app.handler',
    AWS_ENDPOINT_URL: `http://${hostname}:${port}`,
    LOCALSTACK_HOSTNAME: hostname,
    EDGE_PORT: port,
    MINE: 'own value',
    ...more,
  };
}

const managed = (runtime: string): Readonly<Record<string, unknown>> => ({
  AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}`,
  _X_AMZN_TRACE_ID: expect.stringMatching(/^Root=1-/),
  PATH: `/var/lang/bin:${programs}`,
  LD_LIBRARY_PATH: `/var/lang/lib:${libraries}`,
  PWD: '/var/task',
  SHLVL: '0',
});

async function create(
  runtime: string,
  files: Readonly<Record<string, string>>,
  Handler: string,
): Promise<string> {
  const name = runtime.replaceAll('.', '-');
  const settings = { MemorySize: 256, Timeout: 30, Environment: { Variables: { MINE: 'own value' } } };
  await createFunction(client, { name, files, Runtime: runtime as never, Handler, ...settings });
  return name;
}

describe.each(pythons)('%s', (runtime) => {
  let name: string;
  beforeAll(async () => {
    name = await create(runtime, { 'app.py': python }, 'app.handler');
  });

  test('functions find the variables of AWS, their own, the address of Hearth, and no others', async () => {
    const recent = Number(runtime.split('.')[1]) >= 12;
    const { LC_CTYPE, ...others } = (await invoke(client, name)).payload as Record<string, string>;
    expect(others).toEqual(environment(name, runtime, { ...managed(runtime), PYTHONPATH: '/var/runtime' }));
    // AWS gives it since 3.12. Before, Python itself names it where the machine lacks the locale en_US.UTF-8 (PEP 538).
    expect(recent ? [LC_CTYPE] : [LC_CTYPE, 'C.UTF-8', undefined]).toContain('C.UTF-8');
  });

  test('an exception has message, type, request and trace', async () => {
    const { payload, functionError } = await invoke(client, name, 'raise');
    expect(functionError).toBe('Unhandled');
    const trace = `  File "/var/task/app.py", line 6, in handler\n    raise Refused('not today')\n`;
    expect(payload).toEqual({
      errorMessage: 'not today',
      errorType: 'Refused',
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      stackTrace: [trace],
    });
  });

  test('the context has the members of AWS', async () => {
    expect((await invoke(client, name, 'context')).payload).toEqual([
      'aws_request_id',
      'client_context',
      'function_name',
      'function_version',
      'get_remaining_time_in_millis',
      'identity',
      'invoked_function_arn',
      'log',
      'log_group_name',
      'log_stream_name',
      'memory_limit_in_mb',
      'tenant_id',
    ]);
  });
});

describe.each(nodes)('%s', (runtime) => {
  const major = /\d+/.exec(runtime)?.[0] ?? '';
  let name: string;
  beforeAll(async () => {
    name = await create(runtime, { 'index.mjs': node }, 'index.handler');
  });

  test('functions find the variables of AWS, their own, the address of Hearth, and no others', async () => {
    // Up to Node.js 18, AWS names the certificates of its own databases besides (NODE_EXTRA_CA_CERTS): there are none here.
    const expected = environment(name, runtime, {
      ...managed(runtime),
      NODE_PATH: `/opt/nodejs/node${major}/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task`,
    });
    expect((await invoke(client, name)).payload).toEqual(expected);
  });

  test('an error has type, message and trace; what is thrown besides has the type of its value', async () => {
    expect(await invoke(client, name, 'throw')).toMatchObject({
      functionError: 'Unhandled',
      payload: {
        errorType: 'Refused',
        errorMessage: 'not today',
        trace: [
          'Refused: not today',
          expect.stringContaining('file:///var/task/index.mjs:5:'),
          // As on AWS, the last line is the runtime's call of the handler.
          expect.stringContaining('/var/runtime/runtime.cjs:'),
        ],
      },
    });
    const text = await invoke(client, name, 'throw text');
    expect(text.payload).toEqual({ errorType: 'string', errorMessage: 'only text', trace: [] });
  });

  test('the context has the members of AWS, and what the invocation sent', async () => {
    const answer = await client.send(
      new InvokeCommand({
        FunctionName: name,
        Payload: Buffer.from('"context"'),
        ClientContext: Buffer.from('{"custom":{"mine":1}}').toString('base64'),
      }),
    );
    const context = JSON.parse(answer.Payload?.transformToString() ?? '') as object;
    expect(context).toEqual({
      functionName: name,
      functionVersion: '$LATEST',
      memoryLimitInMB: '256',
      logGroupName: `/aws/lambda/${name}`,
      logStreamName: expect.stringMatching(/\[\$LATEST\][0-9a-f]{32}$/),
      invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
      awsRequestId: answer.$metadata.requestId,
      clientContext: { custom: { mine: 1 } },
      left: true,
      ...(Number(major) >= 24
        ? { xRayTraceId: expect.stringMatching(/^Root=1-/) }
        : { callbackWaitsForEmptyEventLoop: true }),
    });
  });
});

describe.each(['provided.al2023', 'provided.al2'])('%s', (runtime) => {
  let name: string;
  beforeAll(async () => {
    name = await create(runtime, { bootstrap: shell }, 'app.handler');
  });

  test('a bootstrap starts with the variables of AWS, without those of managed runtimes', async () => {
    const lang = runtime === 'provided.al2023';
    const expected = environment(name, runtime, {
      PATH: lang ? `/var/lang/bin:${programs}` : programs,
      LD_LIBRARY_PATH: lang ? `/var/lang/lib:${libraries}` : libraries,
    });
    expect((await invoke(client, name)).payload).toEqual(expected);
  });

  test('an error is passed on as the runtime posted it', async () => {
    expect(await invoke(client, name, 'fail')).toMatchObject({
      functionError: 'Unhandled',
      payload: { errorMessage: 'not today', errorType: 'Shell.Refused', detail: [1] },
    });
  });
});
