import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { GetAliasCommand, GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createPython, lambdaClient, runtimes } from '../support/functions.ts';
import { type RunningHearth, root, startHearth } from '../support/hearth.ts';
import { zip } from '../support/zip.ts';
import { awsEnv, type Finished, needs, programs, run } from '../support/programs.ts';

/** Hearth's own commands as a person types them, through the real program. */
const program = [process.execPath, join(root, 'bin/hearth.js')];
let folder: string;
let hearth: RunningHearth;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hearth-cli-'));
  hearth = await startHearth();
});

afterAll(async () => {
  await hearth?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

function hearthCli(args: readonly string[], input = ''): Promise<Finished> {
  return run([...program, ...args], { env: awsEnv(hearth.endpoint), input });
}

function control(...args: string[]): Promise<Finished> {
  return hearthCli([...args, '--data-dir', hearth.dataFolder]);
}

function source(name: string, files: Readonly<Record<string, string>>): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(join(path, file), content);
  return path;
}

const says = (text: string): Record<string, string> => ({
  'app.py': `def handler(event, context):\n    return ["${text}", event]\n`,
});

const python = ['--handler', 'app.handler', '--runtime', runtimes.python];

test('deploy creates a function, and later brings it up to date without being told its runtime', async () => {
  const first = source('greeter', says('one'));
  const created = await hearthCli(['deploy', '--function-name', 'greeter', '--source-dir', first, ...python]);
  expect(created).toMatchObject({ code: 0, stderr: '' });
  expect(created.stdout).toMatch(
    /^Created arn:aws:lambda:us-east-1:000000000000:function:greeter \(1 KB\)\n$/,
  );
  expect((await hearthCli(['invoke', 'greeter'])).stdout).toBe('["one", {}]\n');

  const second = source('greeter', says('two'));
  const role = 'arn:aws:iam::000000000000:role/other';
  const changes = ['--memory', '512', '--env', 'STAGE=test', '--role-arn', role];
  const updated = await hearthCli([
    'deploy',
    '--function-name',
    'greeter',
    '--source-dir',
    second,
    ...changes,
  ]);
  expect(updated.stdout).toMatch(/^Updated arn:/);
  expect((await hearthCli(['invoke', 'greeter'])).stdout).toBe('["two", {}]\n');
  const command = new GetFunctionConfigurationCommand({ FunctionName: 'greeter' });
  expect(await lambdaClient(hearth.endpoint).send(command)).toMatchObject({
    MemorySize: 512,
    Role: role,
    Environment: { Variables: { STAGE: 'test' } },
    Runtime: runtimes.python,
  });
});

test('invoke --stream prints what a function writes while it runs, and ends with its error', async () => {
  const files = {
    'index.mjs': `export const handler = awslambda.streamifyResponse(async (event, stream) => {
      stream.write('first\\n');
      if (event.hang) await new Promise(() => setInterval(() => {}, 1000));
      stream.end('last');
    });`,
  };
  const node = ['--handler', 'index.handler', '--runtime', runtimes.node];
  await hearthCli(['deploy', '--function-name', 'chat', '--source-dir', source('chat', files), ...node]);
  const invoke = ['invoke', 'chat', '--stream'];
  expect(await hearthCli(invoke)).toEqual({ code: 0, stdout: 'first\nlast', stderr: '' });
  const json = await hearthCli([...invoke, '--output', 'json', '--tail']);
  const lines = json.stdout
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  expect(lines.at(-1)).toEqual({ InvokeComplete: { Log: expect.stringMatching(/^START[^]*REPORT/) } });
  expect(lines[0]).toEqual({ PayloadChunk: expect.stringMatching(/^first\n/) });

  const child = spawn(program[0] ?? '', [...program.slice(1), ...invoke, '--event', '{"hang":true}'], {
    env: { ...process.env, ...awsEnv(hearth.endpoint) },
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [printed] = (await once(child.stdout, 'data')) as [Buffer];
  // Only the timeout of three seconds ends the function.
  expect([printed.toString(), child.exitCode]).toEqual(['first\n', null]);
  expect(await once(child, 'close')).toEqual([3, null]);
  expect(stderr).toContain('Function error: Sandbox.Timedout');
  expect(stderr).toContain('Task timed out after 3.00 seconds');
});

test('deploy with an alias publishes a version and moves the alias to it', async () => {
  const client = lambdaClient(hearth.endpoint);
  for (const version of ['1', '2']) {
    const path = source('aliased', says(`version ${version}`));
    const flags = ['--source-dir', path, '--alias', 'live', '--output', 'json', ...python];
    const { code, stdout } = await hearthCli(['deploy', '--function-name', 'aliased', ...flags]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ Version: version, Alias: 'live' });
    const alias = await client.send(new GetAliasCommand({ FunctionName: 'aliased', Name: 'live' }));
    expect(alias.FunctionVersion).toBe(version);
  }
  const answer = await hearthCli(['invoke', 'aliased', '--qualifier', '1']);
  expect(answer.stdout).toBe('["version 1", {}]\n');
});

test('deploy of a function that is not there yet says what creating it takes, and creates nothing', async () => {
  const path = source('fresh', says('hi'));
  const { code, stderr } = await hearthCli(['deploy', '--function-name', 'fresh', '--source-dir', path]);
  expect(code).toBe(2);
  expect(stderr).toBe('fresh does not exist yet: creating it takes --runtime and --handler\n');
  expect((await hearthCli(['list'])).stdout).not.toContain('fresh');
});

test('deploy takes an archive as it is, and refuses what is none', async () => {
  const archive = join(folder, 'made.zip');
  writeFileSync(archive, zip({ ...says('archived'), 'settings.py': 'KEY = "AKIAABCDEFGHIJKLMNOP"' }));
  const flags = ['--function-name', 'archived', ...python];
  const deployed = await hearthCli(['deploy', ...flags, '--zip-file', archive]);
  expect(deployed).toMatchObject({
    code: 0,
    stderr: 'Warning: settings.py contains an AWS access key\n',
  });
  expect((await hearthCli(['invoke', 'archived'])).stdout).toBe('["archived", {}]\n');
  writeFileSync(archive, 'no zip');
  const refusals = [
    [['--zip-file', archive], 'is no zip and no jar'],
    [['--zip-file', join(folder, 'nowhere.jar')], 'is no file'],
    [['--zip-file', archive, '--source-dir', folder], 'takes the place of --source-dir'],
  ] as const;
  for (const [more, reason] of refusals) {
    const { code, stderr } = await hearthCli(['deploy', ...flags, ...more]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(reason)]);
  }
});

test('deploy warns of credentials beside the result, not in it', async () => {
  const path = source('leaky', { ...says('hi'), 'settings.py': 'KEY = "AKIAABCDEFGHIJKLMNOP"' });
  const flags = ['--source-dir', path, '--env', 'DB_PASSWORD=hunter2hunter2', '--output', 'json', ...python];
  const { code, stdout, stderr } = await hearthCli(['deploy', '--function-name', 'leaky', ...flags]);
  expect(code).toBe(0);
  expect(stderr).toContain('settings.py contains an AWS access key');
  expect(stderr).toContain('DB_PASSWORD looks like a secret');
  expect(JSON.parse(stdout)).toHaveProperty('FunctionArn');
});

test('invoke takes its event from a flag, a file or standard input, and passes the bytes on', async () => {
  await createPython(
    lambdaClient(hearth.endpoint),
    'echo',
    'def handler(event, context):\n    return event\n',
  );
  const file = join(source('events', { 'event.json': '{"from": "file"}' }), 'event.json');
  expect((await hearthCli(['invoke', 'echo', '--event', '{"from": "flag"}'])).stdout).toBe(
    '{"from": "flag"}\n',
  );
  expect((await hearthCli(['invoke', 'echo', '--event', file])).stdout).toBe('{"from": "file"}\n');
  expect((await hearthCli(['invoke', 'echo', '--event', '-'], '{"from": "pipe"}')).stdout).toBe(
    '{"from": "pipe"}\n',
  );
  const neither = await hearthCli(['invoke', 'echo', '--event', 'no/such/file']);
  expect(neither.code).toBe(2);
  expect(neither.stderr).toContain('neither JSON nor a file');
});

test('invoke keeps result and log apart, and ends with 3 where the function failed', async () => {
  const code = 'def handler(event, context):\n    print("about to fail")\n    raise ValueError("no luck")\n';
  await createPython(lambdaClient(hearth.endpoint), 'failing', code);
  const failed = await hearthCli(['invoke', 'failing', '--tail']);
  expect(failed.code).toBe(3);
  expect(JSON.parse(failed.stdout)).toMatchObject({ errorType: 'ValueError' });
  expect(failed.stderr).toMatch(/START [\s\S]*about to fail[\s\S]*REPORT [\s\S]*Function error: Unhandled/);
  const json = await hearthCli(['invoke', 'failing', '--tail', '--output', 'json']);
  expect(JSON.parse(json.stdout)).toMatchObject({
    FunctionError: 'Unhandled',
    Log: expect.stringContaining('no luck'),
  });
  const missing = await hearthCli(['invoke', 'nobody']);
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain('ResourceNotFoundException: Function not found');
});

test('logs waits for what is still to be logged, and Ctrl-C ends it with 0', async () => {
  const client = lambdaClient(hearth.endpoint);
  await createPython(client, 'talking', 'def handler(event, context):\n    print("said", event["word"])\n');
  const early = await hearthCli(['logs', 'talking']);
  expect(early.code).toBe(1);
  expect(early.stderr).toContain('has not run yet');

  const [command, ...args] = [...program, 'logs', 'talking', '--follow'];
  const child = spawn(command, args, {
    env: { ...process.env, ...awsEnv(hearth.endpoint) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const heard = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('said')) resolve(line);
    });
  });
  await hearthCli(['invoke', 'talking', '--event', '{"word": "hello"}']);
  expect(await heard).toMatch(/^\d\d:\d\d:\d\d\.\d{3} said hello$/);
  child.kill('SIGINT');
  expect((await once(child, 'exit'))[0]).toBe(0);
});

test('every command that tells something tells it as JSON too', async () => {
  const parsed = async (...args: string[]): Promise<unknown> =>
    JSON.parse((await control(...args, '--output', 'json')).stdout);
  expect(await parsed('status')).toMatchObject({ endpoint: hearth.endpoint, sandbox: expect.any(String) });
  expect(await parsed('doctor')).toMatchObject({ sandbox: { cores: expect.any(Number) } });
  expect(await parsed('runtimes')).toContainEqual(expect.objectContaining({ identifier: 'provided.al2023' }));
  const key = (await parsed('keys', 'create', '--account', '111122223333')) as {
    readonly accessKeyId: string;
  };
  expect(await parsed('keys', 'list')).toEqual([
    { accessKeyId: key.accessKeyId, account: '111122223333', createdAt: expect.any(String) },
  ]);
  expect(await parsed('keys', 'delete', key.accessKeyId)).toEqual({ accessKeyId: key.accessKeyId });
  expect(await parsed('keys', 'list')).toEqual([]);
  const list = JSON.parse((await hearthCli(['list', '--output', 'json'])).stdout) as unknown[];
  expect(list.length).toBeGreaterThan(0);
});

test('wrong flags, a wrong command and an absent server each have an exit code and say what to do', async () => {
  const wrong = await hearthCli(['deploy', '--functoin-name', 'x']);
  expect(wrong).toMatchObject({ code: 2, stdout: '' });
  expect(wrong.stderr).toContain('Did you mean --function-name?');
  expect((await hearthCli(['deplyo'])).code).toBe(2);
  const absent = await hearthCli(['list', '--endpoint', 'http://127.0.0.1:1']);
  expect(absent).toMatchObject({ code: 4, stdout: '' });
  expect(absent.stderr).toContain('Start it with: hearth start');
  const stranger = await hearthCli(['status', '--data-dir', join(folder, 'nothing-here')]);
  expect(stranger.code).toBe(2);
  expect(stranger.stderr).toContain('--data-dir');
});

test('a server whose port is taken says so, and leaves nothing running', async () => {
  const { port } = new URL(hearth.endpoint);
  const flags = ['--port', port, '--data-dir', join(folder, 'second')];
  const { code, stderr } = await hearthCli(['start', ...flags]);
  expect(code).toBe(1);
  expect(stderr).toBe(
    `Port ${port} of 127.0.0.1 is taken, perhaps by another Hearth. Choose another one with --port (0: any).\n`,
  );
});

test('reset asks first, and where nobody can be asked it wants --yes', async () => {
  const refused = await control('reset');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('--yes');
});

test('the help of every command fits a terminal of 80 columns and shows an example', async () => {
  const help = (await hearthCli(['--help'])).stdout;
  const names = [...help.matchAll(/^ {2}([a-z]+)(?: [[<].*)? {2,}\S/gm)].map((match) => match[1] ?? '');
  expect(names).toContain('deploy');
  for (const name of names.filter((command) => command !== 'help')) {
    const { stdout, code } = await hearthCli([name, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`hearth ${name}`);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  }
  expect(help.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(help).toContain('Exit codes:');
}, 120_000);

needs(programs.script, 'script (bsdutils)')(
  'Ctrl-C on a terminal ends the server with 0 and without noise',
  async () => {
    // exec: a shell in between would answer 130 where it is dash, whatever the server says.
    const command = ['exec', ...program, 'start', '--port', '0', '--data-dir', join(folder, 'terminal')].join(
      ' ',
    );
    const child = spawn(programs.script ?? '', ['--quiet', '--return', '--command', command, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let screen = '';
    await new Promise<void>((resolve, reject) => {
      child.once('exit', () => reject(new Error(screen)));
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        screen += text;
        if (screen.includes('Ready.')) resolve();
      });
    });
    child.stdin.write('\u0003');
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
    expect(screen.split('Ready.')[1]?.replaceAll('\r', '').trim()).toBe('^CStopping: finishing what runs …');
  },
);

/** A server of AWS's APIs that nobody here wrote: what works there needs nothing that only Hearth has. */
needs(programs.motoServer, 'moto_server (tests/requirements.txt)')(
  'deploy, list and invoke work against another server of the AWS API',
  async () => {
    const moto = spawn(programs.motoServer ?? '', ['-H', '127.0.0.1', '-p', '0'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    onTestFinished(() => void moto.kill('SIGKILL'));
    const endpoint = await new Promise<string>((resolve, reject) => {
      moto.once('exit', () => reject(new Error('moto_server ended')));
      createInterface({ input: moto.stderr }).on('line', (line) => {
        const address = /Running on (http:\/\/\S+)/.exec(line)?.[1];
        if (address) resolve(address);
      });
    });
    const body = JSON.stringify({ lambda: { use_docker: false } });
    await fetch(`${endpoint}/moto-api/config`, { method: 'POST', body });
    const env = awsEnv(endpoint);
    const { IAMClient, CreateRoleCommand } = await import('@aws-sdk/client-iam');
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const iam = new IAMClient({ endpoint, region: 'us-east-1', credentials });
    const trust = { Version: '2012-10-17', Statement: [] };
    const made = await iam.send(
      new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: JSON.stringify(trust) }),
    );
    const path = source('elsewhere', says('hi'));
    const deploy = [...program, 'deploy', '--function-name', 'elsewhere', '--source-dir', path];
    const role = ['--role-arn', made.Role?.Arn ?? ''];
    expect((await run([...deploy, ...python, ...role, '--alias', 'live'], { env })).code).toBe(0);
    expect((await run([...deploy, '--memory', '256', '--publish'], { env })).code).toBe(0);
    expect((await run([...program, 'list'], { env })).stdout).toMatch(/elsewhere +python3\.11 +256 MB/);
    expect((await run([...program, 'invoke', 'elsewhere', '--event', '{"a":1}'], { env })).code).toBe(0);
    const inspected = await run([...program, 'invoke', 'elsewhere', '--inspect', '--data-dir', folder], {
      env,
    });
    expect(inspected.code).not.toBe(0);
  },
);
