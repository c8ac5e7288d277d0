import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { thisMachine } from '../../tests/support/interpreters.ts';
import { RuntimeApiServer } from '../../tests/support/runtime-api-server.ts';
import { functionVersion } from '../../tests/support/runtime-versions.ts';
import { createLog, WallClock } from '../base/index.ts';
import { createOciSandboxFactory, probeSandbox, type SandboxFactory } from '../sandbox/index.ts';
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

describe.skipIf(!isolated)('in an OCI sandbox', () => {
  let sandboxes: SandboxFactory;
  beforeAll(async () => {
    chmodSync(folder, 0o755);
    mkdirSync(task);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(task, name), text, { mode: 0o755 });
    const stateDir = join(folder, 'state');
    sandboxes = await createOciSandboxFactory({ stateDir, log: createLog('warn'), clock: new WallClock() });
  });
  afterAll(async () => {
    await sandboxes.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(available)('%s answers, wherever its interpreter was installed', async (runtime) => {
    const handler = runtime.startsWith('python') ? 'app.handler' : 'index.handler';
    const plan = await catalog.plan(functionVersion({ runtime, handler, memoryMiB: 256 }));
    const api = new RuntimeApiServer();
    const accept = api.accept.bind(api);
    const sandbox = await sandboxes.start({
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
    try {
      const ended = sandbox.exited.then(() =>
        Promise.reject(new Error(`${runtime} ended: ${api.initErrors[0]?.body}`)),
      );
      const { request } = await Promise.race([api.invoke('{"a":1}'), ended]);
      expect(JSON.parse(request.body.toString())).toEqual([{ a: 1 }, '/var/task', '/var/task']);
    } finally {
      await sandbox.destroy();
    }
  });
});
