import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createConnection } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { GetFunctionCommand } from '@aws-sdk/client-lambda';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createNode, createPython, invoke, lambdaClient } from '../support/functions.ts';
import { root, startHearth } from '../support/hearth.ts';
import { run } from '../support/programs.ts';

const SLOW = 'import time\ndef handler(event, context):\n    time.sleep(1)\n    return "finished"\n';

let dataFolder: string;

beforeEach(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'hearth-life-'));
});

afterEach(() => rmSync(dataFolder, { recursive: true, force: true }));

test('a server asked to stop finishes what runs and exits with 0', async () => {
  const hearth = await startHearth({ dataFolder });
  const client = lambdaClient(hearth.endpoint);
  await createPython(client, 'slow', SLOW);
  await invoke(client, 'slow');
  const running = invoke(client, 'slow');
  await untilBusy(hearth.endpoint, dataFolder);
  const code = hearth.stop();
  expect((await running).payload).toBe('finished');
  expect(await code).toBe(0);
});

test('Ctrl-C on a terminal, which every process of the group hears, lets what runs finish, without a complaint', async () => {
  const hearth = await startHearth({ dataFolder, ownGroup: true });
  const client = lambdaClient(hearth.endpoint);
  await createPython(client, 'slow', SLOW);
  await invoke(client, 'slow');
  const running = invoke(client, 'slow');
  await untilBusy(hearth.endpoint, dataFolder);
  process.kill(-(hearth.process.pid ?? 0), 'SIGINT');
  expect((await running).payload).toBe('finished');
  expect(await hearth.stop()).toBe(0);
  const lines = hearth.printed().split('\n');
  expect(lines.slice(lines.indexOf('Ready.') + 1)).toEqual(['Stopping: finishing what runs …']);
});

test('a restarted server has everything that was there', async () => {
  const first = await startHearth({ dataFolder });
  await createNode(
    lambdaClient(first.endpoint),
    'kept',
    'export const handler = async () => "still here";\n',
  );
  await first.stop();
  const second = await startHearth({ dataFolder });
  const client = lambdaClient(second.endpoint);
  expect((await client.send(new GetFunctionCommand({ FunctionName: 'kept' }))).Configuration?.State).toBe(
    'Active',
  );
  expect((await invoke(client, 'kept')).payload).toBe('still here');
  await second.stop();
});

test('a second server on one data folder is refused, and says which folder', async () => {
  const hearth = await startHearth({ dataFolder });
  const second = await run([
    process.execPath,
    join(root, 'bin/hearth.js'),
    'start',
    '--port',
    '0',
    '--data-dir',
    dataFolder,
  ]);
  expect(second.code).toBe(1);
  expect(second.stderr).toContain(dataFolder);
  await hearth.stop();
});

test('an address beyond loopback is refused without verified signatures', async () => {
  const done = await run([
    process.execPath,
    join(root, 'bin/hearth.js'),
    'start',
    '--port',
    '0',
    '--host',
    '0.0.0.0',
    '--data-dir',
    dataFolder,
  ]);
  expect(done.code).toBe(2);
  expect(done.stderr).toContain('--auth keys');
});

test('the server stops when its launcher is killed', async () => {
  const script = `
    import { spawn } from 'node:child_process';
    spawn(process.execPath, [${JSON.stringify(join(root, 'src/cli/main.ts'))}, 'start', '--port', '0', '--data-dir', ${JSON.stringify(dataFolder)}], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    setInterval(() => {}, 1000);`;
  const launcher = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(launcher.stdout, 'close');
  await new Promise<void>((resolve) => {
    createInterface({ input: launcher.stdout }).on('line', (line) => {
      if (line === 'Ready.') resolve();
    });
  });
  launcher.kill('SIGKILL');
  // The server inherited the pipe: it closes when the last of the two has ended.
  await closed;
  const next = await startHearth({ dataFolder });
  expect(await next.stop()).toBe(0);
});

test('the operator token is readable by its owner alone, and control routes ask for it', async () => {
  const hearth = await startHearth({ dataFolder });
  const file = join(dataFolder, 'operator-token');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const without = await fetch(`${hearth.endpoint}/_hearth/status`);
  expect(without.status).toBe(401);
  const authorization = `Bearer ${readFileSync(file, 'utf8').trim()}`;
  expect((await fetch(`${hearth.endpoint}/_hearth/status`, { headers: { authorization } })).status).toBe(200);
  for (const path of ['_localstack/health', '_hearth/health']) {
    expect((await fetch(`${hearth.endpoint}/${path}`)).status).toBe(200);
  }
  await hearth.stop();
});

test('a client that says nothing and one that says nonsense harm nobody', async () => {
  const hearth = await startHearth({ dataFolder });
  const { hostname, port } = new URL(hearth.endpoint);
  const silent = createConnection(Number(port), hostname);
  const rude = createConnection(Number(port), hostname);
  await Promise.all([once(silent, 'connect'), once(rude, 'connect')]);
  rude.write('\u0000\u0001nonsense\r\n\r\n');
  const [answer] = (await once(rude, 'data')) as [Buffer];
  expect(answer.toString('latin1')).toMatch(/^HTTP\/1\.1 400 /);
  expect((await fetch(`${hearth.endpoint}/_hearth/health`)).status).toBe(200);
  silent.destroy();
  rude.destroy();
  await hearth.stop();
});

/** Resolves when an environment is running an invocation. */
async function untilBusy(endpoint: string, folder: string): Promise<void> {
  const authorization = `Bearer ${readFileSync(join(folder, 'operator-token'), 'utf8').trim()}`;
  for (;;) {
    const status = await fetch(`${endpoint}/_hearth/status`, { headers: { authorization } });
    const { environments } = (await status.json()) as { environments: { busy: number } };
    if (environments.busy > 0) return;
  }
}

const ipv6 = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === '::1'),
);

test.skipIf(!ipv6 && process.env['CI'] !== 'true')(
  'says an address of IPv6 as URLs do, and what of its flags the process sandbox cannot do',
  async () => {
    const args = ['--host', '::1', '--sandbox', 'process', '--allow-host-port', '5432'];
    const hearth = await startHearth({ dataFolder, args });
    expect(hearth.endpoint).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect((await fetch(`${hearth.endpoint}/_hearth/health`)).status).toBe(200);
    expect(hearth.printed()).toContain('--allow-host-port opens nothing here');
    expect(await hearth.stop()).toBe(0);
  },
);
