import { type LambdaClient, PublishLayerVersionCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFunction, createNode, createPython, invoke, lambdaClient } from '../support/functions.ts';
import { type RunningHearth, startHearth } from '../support/hearth.ts';
import { zip } from '../support/zip.ts';

/** The variables by which people change how an interpreter starts. Those of Java are in tests/vendors. */
let hearth: RunningHearth;
let client: LambdaClient;
let layer: string;

const WRAPPER = '#!/bin/sh\nexport WRAPPED="$(basename "$1")"\nexec "$@"\n';

beforeAll(async () => {
  hearth = await startHearth();
  client = lambdaClient(hearth.endpoint);
  const files = {
    'bin/wrapper': WRAPPER,
    'hooks/sitecustomize.py': 'import builtins\nbuiltins.customized = True\n',
    'hooks/own.py': 'NAME = "by PYTHONPATH"\n',
    'early.cjs': 'globalThis.early = process.execArgv.length >= 0;\n',
    'nodejs/node_modules/shared/index.js': 'module.exports = "by NODE_PATH";\n',
    'own/shared/index.js': 'module.exports = "by a NODE_PATH of its own";\n',
  };
  const published = await client.send(
    new PublishLayerVersionCommand({ LayerName: 'options', Content: { ZipFile: zip(files) } }),
  );
  layer = published.LayerVersionArn ?? '';
});

afterAll(async () => {
  client?.destroy();
  await hearth?.dispose();
});

test('Node.js: NODE_OPTIONS loads a module first, NODE_PATH finds one, a wrapper starts it', async () => {
  const Variables = {
    NODE_OPTIONS: '--require /opt/early.cjs --stack-trace-limit=3 --max-old-space-size=77',
    NODE_PATH: '/opt/own',
    AWS_LAMBDA_EXEC_WRAPPER: '/opt/bin/wrapper',
  };
  const source = `const { createRequire } = require('node:module');
const { getHeapStatistics } = require('node:v8');
const shared = createRequire('/var/task/')('shared');
exports.handler = async () => ({ early: globalThis.early, limit: Error.stackTraceLimit, shared,
  wrapped: process.env.WRAPPED, heap: Math.round(getHeapStatistics().heap_size_limit / 1048576) });
`;
  const files = { 'index.js': source };
  await createNode(client, 'node', '', {
    files,
    MemorySize: 512,
    Layers: [layer],
    Environment: { Variables },
  });
  const { payload } = await invoke(client, 'node');
  expect(payload).toMatchObject({
    early: true,
    limit: 3,
    shared: 'by a NODE_PATH of its own',
    wrapped: 'node',
  });
  const { heap } = payload as { heap: number };
  expect(heap).toBeGreaterThanOrEqual(77);
  // The young generation comes on top; without the option it would be 460 MiB and that.
  expect(heap).toBeLessThan(460);
});

test('Python: PYTHONPATH finds modules and the customisation of a start, other variables reach the interpreter', async () => {
  const Variables = {
    PYTHONPATH: '/opt/hooks',
    PYTHONOPTIMIZE: '1',
    PYTHONWARNINGS: 'error::UserWarning',
    PYTHONHASHSEED: '0',
    AWS_LAMBDA_EXEC_WRAPPER: '/opt/bin/wrapper',
  };
  const source = `import builtins, os, sys, warnings
import own
def handler(event, context):
    try:
        warnings.warn("loud")
        warned = "passed over"
    except UserWarning:
        warned = "raised"
    return {"own": own.NAME, "customized": getattr(builtins, "customized", False), "debug": __debug__,
            "warned": warned, "hashed": sys.flags.hash_randomization, "wrapped": os.environ["WRAPPED"][:6]}
`;
  await createPython(client, 'python', source, { Layers: [layer], Environment: { Variables } });
  expect((await invoke(client, 'python')).payload).toEqual({
    own: 'by PYTHONPATH',
    customized: true,
    debug: false,
    warned: 'raised',
    hashed: 0,
    wrapped: 'python',
  });
});

test('a custom runtime decides about a wrapper itself', async () => {
  const bootstrap = `#!/bin/bash
exec 3<>"/dev/tcp/\${AWS_LAMBDA_RUNTIME_API/://}"
printf 'POST /2018-06-01/runtime/init/error HTTP/1.1\\r\\nHost: h\\r\\nContent-Length: %s\\r\\n\\r\\n{"errorMessage":"%s"}' \
  "$((19 + \${#WRAPPED} + \${#AWS_LAMBDA_EXEC_WRAPPER} + 1))" "$WRAPPED $AWS_LAMBDA_EXEC_WRAPPER" >&3
read -r _ <&3
exit 1
`;
  await createFunction(client, {
    name: 'custom',
    files: { bootstrap },
    Runtime: 'provided.al2023',
    Handler: 'none',
    Layers: [layer],
    Environment: { Variables: { AWS_LAMBDA_EXEC_WRAPPER: '/opt/bin/wrapper' } },
  });
  expect((await invoke(client, 'custom')).payload).toEqual({ errorMessage: ' /opt/bin/wrapper' });
});
