import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { thisMachine } from '../../tests/support/interpreters.ts';
import { RuntimeApiServer } from '../../tests/support/runtime-api-server.ts';
import { functionVersion } from '../../tests/support/runtime-versions.ts';
import { createLog, WallClock } from '../base/index.ts';
import {
  createOciSandboxFactory,
  createProcessSandboxFactory,
  probeSandbox,
  type Sandbox,
  type SandboxFactory,
} from '../sandbox/index.ts';
import { MachineRuntimes } from './catalog.ts';

const isolated = (await probeSandbox()).kind === 'oci';
if (!isolated) {
  const reason = 'Running interpreters at /var/lang needs the OCI sandbox (see: hearth doctor).';
  if (process.env['CI'] === 'true') throw new Error(reason);
  process.stderr.write(`SKIPPED: ${reason}\n`);
}

const folder = mkdtempSync(join(tmpdir(), 'hearth-in-sandbox-'));
const task = join(folder, 'task');
const catalog = new MachineRuntimes(thisMachine(join(folder, 'runtimes')));
const available = (await catalog.list())
  .filter(({ interpreter }) => interpreter)
  .map(({ identifier }) => identifier);

const files = {
  'app.py': `import bz2, ctypes, hashlib, lzma, os, sqlite3, ssl, sys, zlib
def handler(event, context):
    return [event, os.getcwd(), sys.path[0]]
`,
  'index.js': `const { createHash } = require('crypto');
exports.handler = async (event) => [event, process.cwd(), module.path];
`,
  // Bash speaks HTTP by itself, so that the test needs no other program inside.
  bootstrap: `#!/bin/bash
exec 3<>"/dev/tcp/\${AWS_LAMBDA_RUNTIME_API/://}"
printf 'GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n' >&3
while read -r line <&3; line=\${line%$'\\r'}; [ -n "$line" ]; do
  case $line in Lambda-Runtime-Aws-Request-Id:*) id=\${line#*: };; Content-Length:*) length=\${line#*: };; esac
done
read -r -N "$length" event <&3
body="[$event,\\"$PWD\\",\\"$LAMBDA_TASK_ROOT\\"]"
printf 'POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\\r\\nHost: h\\r\\nContent-Length: %s\\r\\n\\r\\n%s' "$id" "\${#body}" "$body" >&3
sleep 60
`,
};

beforeAll(() => {
  chmodSync(folder, 0o755);
  mkdirSync(task);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(task, name), text, { mode: 0o755 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const options = { log: createLog('warn'), clock: new WallClock() };

describe.skipIf(!isolated)('in an OCI sandbox', () => {
  describeRuntimes(() => createOciSandboxFactory({ stateDir: join(folder, 'oci'), ...options }), '/var/task');
});

describe('as a process', () => {
  describeRuntimes(() => createProcessSandboxFactory({ stateDir: join(folder, 'process'), ...options }));
});

function describeRuntimes(open: () => Promise<SandboxFactory>, taskInside?: string): void {
  let sandboxes: SandboxFactory;
  beforeAll(async () => {
    sandboxes = await open();
  });
  afterAll(() => sandboxes.close());

  test.each(available)('%s answers, wherever its interpreter was installed', async (runtime) => {
    const api = new RuntimeApiServer();
    const sandbox = await startRuntime(sandboxes, runtime, api);
    try {
      const ended = sandbox.exited.then(() =>
        Promise.reject(new Error(`${runtime}: ${api.initErrors[0]?.body}`)),
      );
      const { request } = await Promise.race([api.invoke('{"a":1}'), ended]);
      const [event, cwd, found] = JSON.parse(request.body.toString()) as unknown[];
      expect(event).toEqual({ a: 1 });
      expect(found).toBe(cwd);
      if (taskInside !== undefined) expect(cwd).toBe(taskInside);
    } finally {
      await sandbox.destroy();
    }
  });
}

async function startRuntime(
  sandboxes: SandboxFactory,
  runtime: string,
  api: RuntimeApiServer,
): Promise<Sandbox> {
  const handler = runtime.startsWith('python') ? 'app.handler' : 'index.handler';
  const plan = await catalog.plan(functionVersion({ runtime, handler, memoryMiB: 256 }));
  const accept = api.accept.bind(api);
  return sandboxes.start({
    id: `rt-${runtime.replaceAll('.', '-')}`,
    program: (inside) =>
      plan.program(inside, {
        logStream: 'stream',
        runtimeApiAddress: inside.listenerAddress(0),
        endpointUrl: 'http://169.254.100.1:4566',
        credentials: { accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 'c' },
        initializationType: 'on-demand',
      }),
    mounts: [...plan.mounts, { source: task, target: '/var/task' }],
    tmpBytes: 64 * 1_048_576,
    memoryBytes: 256 * 1_048_576,
    pids: 100,
    openFiles: 1_024,
    listeners: [{ host: '169.254.100.1', port: 9001, onConnection: accept }],
    ...(plan.usesRuntimeSocket ? { onRuntimeSocket: accept } : {}),
  });
}
