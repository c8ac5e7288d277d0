import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type LambdaClient, PublishLayerVersionCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { createFunction, invoke, lambdaClient, type TestFunction } from '../support/functions.ts';
import { type RunningHearth, root, startHearth } from '../support/hearth.ts';
import { compileJava, foundJavas, type JavaFunctions } from '../support/java-functions.ts';
import { awsEnv, needs, run } from '../support/programs.ts';
import { isOnPath } from '../support/vendor-builds.ts';
import { zip } from '../support/zip.ts';

/** Functions in Java with AWS's own client, for every JDK of this machine. */
const scratch = mkdtempSync(join(tmpdir(), 'hearth-java-'));
const javas = await foundJavas(scratch);
const present = javas.length > 0 && isOnPath('javac');
const test = needs(present, 'a JDK (8, 11, 17, 21 or 25)');

let hearth: RunningHearth;
let client: LambdaClient;
let functions: JavaFunctions;

async function start(args: readonly string[]): Promise<void> {
  hearth = await startHearth({ args });
  client = lambdaClient(hearth.endpoint);
  const command = ['runtimes', 'add', javas[0]?.name ?? '', '--data-dir', hearth.dataFolder];
  const added = await run([process.execPath, join(root, 'bin/hearth.js'), ...command]);
  expect(added).toMatchObject({ code: 0, stdout: expect.stringContaining(` at ${javas[0]?.path}`) });
  functions = await compileJava(scratch, join(hearth.dataFolder, 'runtimes'));
}

async function stop(): Promise<void> {
  client?.destroy();
  await hearth?.dispose();
}

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Everything in the function's log, Init included. */
async function streamOf(name: string): Promise<string> {
  const command = [process.execPath, join(root, 'bin/hearth.js'), 'logs', name];
  return (await run(command, { env: awsEnv(hearth.endpoint) })).stdout;
}

/** A function with the handler, and a name made of it. */
async function deploy(
  Runtime: string,
  Handler: string,
  settings: Partial<TestFunction> = {},
): Promise<string> {
  const name = settings.name ?? `${Runtime}-${Handler}`.replaceAll(/[^\w-]+/g, '-');
  const { files } = functions;
  const more = { MemorySize: 512, Timeout: 30, ...settings };
  await createFunction(client, { files, Handler, ...more, name, Runtime: Runtime as never });
  return name;
}

describe.skipIf(!present)('isolated', () => {
  beforeAll(() => start([]));
  afterAll(stop);

  describe.each(javas)('$name', ({ name: runtime, version, path }) => {
    const recent = Number(/\d+/.exec(runtime)?.[0]) >= 17;

    test('a method takes an object of its own class, and keeps its state', async () => {
      const name = await deploy(runtime, 'demo.App::order');
      for (const count of [1, 2]) {
        const answer = await invoke(client, name, { customer: 'Ada', amounts: [1, 2, 3] });
        expect(answer.payload).toEqual({
          customer: 'Ada',
          total: 6,
          count,
          request: /START RequestId: (\S+)/.exec(answer.log)?.[1],
          arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
          memory: 512,
          left: true,
        });
      }
    });

    test('a class handles a request, or its bytes', async () => {
      expect((await invoke(client, await deploy(runtime, 'demo.Greeter'), { name: 'Ada' })).payload).toBe(
        'hello Ada',
      );
      expect((await invoke(client, await deploy(runtime, 'demo.Raw'), [1, { a: 'ü' }])).payload).toEqual({
        raw: [1, { a: 'ü' }],
      });
    });

    test('the machine has the heap of AWS, trusts what the system trusts, and leaves /tmp alone', async () => {
      const { payload } = await invoke(client, await deploy(runtime, 'demo.App::machine'));
      expect(payload).toMatchObject({
        java: version,
        home: expect.stringMatching(/^\/var\/lang/),
        directory: '/var/task',
        authorities: true,
      });
      // Made by root alone, for a JDK that has an archive itself; the function maps it.
      const archived = existsSync(join(dirname(dirname(path)), 'lib/server/classes.jsa'));
      expect(payload).toMatchObject({ archive: recent && archived && process.getuid?.() === 0 });
      const { heap, tmp } = payload as { heap: number; tmp: string[] };
      // A survivor space of the young generation does not count.
      expect(heap).toBeGreaterThan(445_645 * 1_024 * 0.95);
      expect(heap).toBeLessThanOrEqual(445_645 * 1_024 + 65_536);
      expect(tmp.filter((entry) => !/^hsperfdata_|^lost\+found$/.test(entry))).toEqual([]);
    });

    test('JAVA_TOOL_OPTIONS and a wrapper take effect', async () => {
      const settings = {
        name: `${runtime.replace('.', '-')}-options`,
        files: {
          ...functions.files,
          'bin/wrapper': '#!/bin/sh\njava=$1\nshift\nexec "$java" -Dwrapped=yes "$@"\n',
        },
        Environment: {
          Variables: {
            JAVA_TOOL_OPTIONS: '-Dflavour=sweet -XX:MaxHeapSize=100m',
            AWS_LAMBDA_EXEC_WRAPPER: '/var/task/bin/wrapper',
          },
        },
      };
      const { payload } = await invoke(client, await deploy(runtime, 'demo.App::machine', settings));
      expect(payload).toMatchObject({ flavour: 'sweet', wrapped: 'yes' });
    });

    test('jars of the function and of a layer are found', async () => {
      const layer = await client.send(
        new PublishLayerVersionCommand({ LayerName: 'shared', Content: { ZipFile: zip(functions.layer) } }),
      );
      const Layers = [layer.LayerVersionArn ?? ''];
      const name = await deploy(runtime, 'demo.App::libraries', { Layers });
      expect((await invoke(client, name)).payload).toBe('from lib, from a layer');
    });

    test('hearth deploys the jar of a build, and the folder of its classes', async () => {
      const env = awsEnv(hearth.endpoint);
      const settings = ['--function-name', `${runtime}-built`.replace('.', '-'), '--memory', '512'];
      const cli = async (more: readonly string[]): Promise<void> => {
        const command = [process.execPath, join(root, 'bin/hearth.js'), 'deploy', ...settings, ...more];
        expect(await run(command, { env })).toMatchObject({ code: 0 });
      };
      await cli(['--zip-file', functions.jar, '--handler', 'demo.Greeter', '--runtime', runtime]);
      expect((await invoke(client, settings[1] ?? '', { name: 'Ada' })).payload).toBe('hello Ada');
      await cli(['--source-dir', functions.classes, '--handler', 'demo.Raw']);
      expect((await invoke(client, settings[1] ?? '', 1)).payload).toEqual({ raw: 1 });
    });

    test('an exception has type, message and trace, and is the function’s own affair', async () => {
      const name = await deploy(runtime, 'demo.App::fail');
      const failed = await invoke(client, name, 'today');
      expect(failed).toMatchObject({
        functionError: 'Unhandled',
        payload: {
          errorMessage: 'not today',
          errorType: 'java.lang.IllegalStateException',
          stackTrace: expect.arrayContaining([expect.stringMatching(/^demo\.App\.fail\(App\.java:\d+\)$/)]),
        },
      });
      expect(failed.log).toContain('not today: java.lang.IllegalStateException\n');
      expect(failed.log).toContain('Caused by: java.lang.RuntimeException: the cause');
      expect(failed.log).not.toContain('Status:');
      expect((await invoke(client, name, 'exit')).payload).toMatchObject({
        errorType: 'Runtime.ExitError',
        errorMessage: expect.stringContaining('exit status 3'),
      });
    });

    test.each([
      ['demo.Nowhere::run', 'Class not found: demo.Nowhere', 'java.lang.ClassNotFoundException'],
      [
        'demo.App::nothing',
        'No public method named nothing with appropriate method signature found on class demo.App',
      ],
      ['demo.Order', 'Class does not implement an appropriate handler interface: demo.Order'],
      ['demo.Broken::run', 'no settings', 'java.lang.IllegalArgumentException'],
    ])('%s is told as AWS tells it', async (handler, errorMessage, errorType?: string) => {
      const { payload, functionError } = await invoke(client, await deploy(runtime, handler));
      expect(functionError).toBe('Unhandled');
      expect(payload).toMatchObject({ errorMessage, ...(errorType === undefined ? {} : { errorType }) });
    });

    test('text logs come as they are; one message of several lines is one event', async () => {
      const name = await deploy(runtime, 'demo.App::log');
      const { log } = await invoke(client, name, 'it');
      expect(log).toContain('printed it\n');
      expect(await streamOf(name)).not.toContain('WARNING');
      expect(log).toContain('two\nlines');
    });

    test('JSON logs have the level and the request, and respect the level of the function', async () => {
      const settings = {
        name: `${runtime.replace('.', '-')}-json`,
        LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'INFO' } as const,
      };
      const { log } = await invoke(client, await deploy(runtime, 'demo.App::log', settings), 'it');
      const lines = log.split('\n').filter((line) => line.includes('"AWSRequestId"'));
      expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
        expect.objectContaining({ level: 'INFO', message: 'two\nlines', timestamp: expect.any(String) }),
      ]);
    });

    test('the environment is that of AWS', async () => {
      const names = Object.keys(
        (await invoke(client, await deploy(runtime, 'demo.App::environment'))).payload as object,
      );
      expect(names).toEqual(expect.arrayContaining(['AWS_EXECUTION_ENV', '_LAMBDA_TELEMETRY_LOG_FD']));
      for (const name of ['PWD', 'SHLVL', 'OLDPWD', 'HOME', 'JAVA_HOME']) expect(names).not.toContain(name);
      expect(names.filter((name) => name.startsWith('HEARTH'))).toEqual([]);
      expect(names.includes('AWS_SECRET_KEY')).toBe(!recent);
    });
  });
});

describe.skipIf(!present)('as a process', () => {
  beforeAll(() => start(['--sandbox', 'process']));
  afterAll(stop);

  test('the newest Java runs, with its layers', async () => {
    const layer = await client.send(
      new PublishLayerVersionCommand({ LayerName: 'shared', Content: { ZipFile: zip(functions.layer) } }),
    );
    const Layers = [layer.LayerVersionArn ?? ''];
    const name = await deploy(javas.at(-1)?.name ?? '', 'demo.App::libraries', { Layers });
    expect((await invoke(client, name)).payload).toBe('from lib, from a layer');
  });
});
