import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  DeleteFunctionCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  type LambdaClient,
  ListFunctionsCommand,
  PublishVersionCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { createPython, invoke, lambdaClient, ROLE } from '../support/functions.ts';
import { type RunningHearth, startHearth } from '../support/hearth.ts';
import { pythonTree, pythonWithClient } from '../support/python-image.ts';
import { needs, programs } from '../support/programs.ts';
import { putImage, startRawRegistry } from '../support/raw-registry.ts';
import { rawTar } from '../support/raw-tar.ts';
import { imageTools, type RunningRegistry, startRegistry } from '../support/registry.ts';
import { ImageLayout, shellOutput } from '../support/shell-image.ts';

const ready = imageTools && programs.runc !== undefined && process.getuid?.() === 0;
const test = needs(ready, 'docker-registry, skopeo, umoci, busybox and runc as root');
const waiting = { maxWaitTime: 60, minDelay: 0.05, maxDelay: 0.5 };

const python = await pythonWithClient(programs.python);

let folder: string;
let registry: RunningRegistry;
let layout: ImageLayout;
let hearth: RunningHearth;
let client: LambdaClient;

beforeAll(async () => {
  if (!ready) return;
  folder = mkdtempSync(join(tmpdir(), 'hearth-images-'));
  registry = await startRegistry();
  layout = await ImageLayout.create();
  await layout.addShell('one');
  await push('one');
  hearth = await startHearth({ args: ['--registry', `http://${registry.host}`] });
  client = lambdaClient(hearth.endpoint);
});

afterAll(async () => {
  client?.destroy();
  await hearth?.dispose();
  await registry?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

function push(tag: string, as = `shell:${tag}`): Promise<void> {
  return registry.push(layout.image(tag), as);
}

/** `name` from the tag, with what a test adds to `one`. */
async function variant(tag: string, change: () => Promise<void>): Promise<void> {
  await layout.umoci('tag', '--image', layout.image('one'), tag);
  await change();
  await push(tag);
}

async function addLayer(tag: string, entries: Parameters<typeof rawTar>[0]): Promise<void> {
  const archive = join(folder, `${tag}-${entries[0]?.name.replaceAll(/\W/g, '_')}.tar`);
  writeFileSync(archive, rawTar(entries));
  await layout.addLayer(tag, archive);
}

const uri = (tag: string): string => `${registry.host}/shell:${tag}`;

function create(name: string, tag = 'one', more: Partial<CreateFunctionCommandInput> = {}) {
  const input = {
    FunctionName: name,
    Role: ROLE,
    PackageType: 'Image' as const,
    Code: { ImageUri: uri(tag) },
  };
  return client.send(new CreateFunctionCommand({ ...input, ...more }));
}

async function createActive(
  name: string,
  tag = 'one',
  more: Partial<CreateFunctionCommandInput> = {},
): Promise<void> {
  await create(name, tag, more);
  await waitUntilFunctionActiveV2({ client, ...waiting }, { FunctionName: name });
}

/** What a command prints inside the function. */
async function shell(name: string, command: string, qualifier?: string): Promise<string> {
  const { payload, functionError, log } = await invoke(client, name, command, qualifier);
  if (functionError !== undefined) throw new Error(`${JSON.stringify(payload)}\n${log}`);
  return shellOutput(payload);
}

const updated = (name: string) => waitUntilFunctionUpdatedV2({ client, ...waiting }, { FunctionName: name });

describe('a function from a container image', () => {
  test('is pending with the members of AWS, then active, and shows where its image is', async () => {
    const { $metadata, ...made } = await create('shown');
    expect($metadata.httpStatusCode).toBe(201);
    expect(made).toEqual({
      FunctionName: 'shown',
      FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:shown',
      Role: ROLE,
      CodeSize: 0,
      Description: '',
      Timeout: 3,
      MemorySize: 128,
      LastModified: expect.any(String),
      CodeSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      Version: '$LATEST',
      TracingConfig: { Mode: 'PassThrough' },
      RevisionId: expect.any(String),
      State: 'Pending',
      StateReason: 'The function is being created.',
      StateReasonCode: 'Creating',
      PackageType: 'Image',
      Architectures: [process.arch === 'arm64' ? 'arm64' : 'x86_64'],
      EphemeralStorage: { Size: 512 },
      SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
      LoggingConfig: { LogFormat: 'Text', LogGroup: '/aws/lambda/shown' },
    });
    await waitUntilFunctionActiveV2({ client, ...waiting }, { FunctionName: 'shown' });
    const { Code, Configuration } = await client.send(new GetFunctionCommand({ FunctionName: 'shown' }));
    expect(Code).toEqual({
      RepositoryType: 'ECR',
      ImageUri: uri('one'),
      ResolvedImageUri: `${registry.host}/shell@sha256:${made.CodeSha256}`,
    });
    expect(Configuration).toMatchObject({ State: 'Active', LastUpdateStatus: 'Successful' });
    expect(Configuration).not.toHaveProperty('RuntimeVersionConfig');
    const { Functions = [] } = await client.send(new ListFunctionsCommand({}));
    expect(Functions.find((one) => one.FunctionName === 'shown')).toMatchObject({
      PackageType: 'Image',
      CodeSize: 0,
    });
  });

  test('runs its entry point with its own variables, those of Lambda and of the function, and no others', async () => {
    await createActive('variables', 'one', {
      Environment: { Variables: { MINE: 'own', FROM_IMAGE: 'replaced' } },
    });
    const lines = (await shell('variables', 'busybox env')).split('\n');
    const names = lines.map((line) => line.slice(0, line.indexOf('='))).sort();
    const ofBash = ['PWD', 'SHLVL', '_'];
    expect(names.filter((name) => !ofBash.includes(name))).toEqual(
      `AWS_ACCESS_KEY_ID AWS_DEFAULT_REGION AWS_ENDPOINT_URL AWS_LAMBDA_FUNCTION_MEMORY_SIZE AWS_LAMBDA_FUNCTION_NAME
        AWS_LAMBDA_FUNCTION_VERSION AWS_LAMBDA_INITIALIZATION_TYPE AWS_LAMBDA_LOG_GROUP_NAME AWS_LAMBDA_LOG_STREAM_NAME
        AWS_LAMBDA_RUNTIME_API AWS_REGION AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_XRAY_CONTEXT_MISSING
        AWS_XRAY_DAEMON_ADDRESS EDGE_PORT FROM_IMAGE LOCALSTACK_HOSTNAME MINE PATH _AWS_XRAY_DAEMON_ADDRESS
        _AWS_XRAY_DAEMON_PORT`.split(/\s+/),
    );
    expect(lines).toEqual(
      expect.arrayContaining(['AWS_LAMBDA_RUNTIME_API=169.254.100.1:9001', 'FROM_IMAGE=replaced']),
    );
  });

  test('sees its own root, read-only, with /tmp, /dev, /proc and the names of the network', async () => {
    await createActive('root');
    expect((await shell('root', 'ls /')).split('\n')).toEqual(
      'bin dev entry.sh etc lib lib64 proc run tmp'.split(' '),
    );
    expect(await shell('root', 'touch /x /etc/hosts /bin/busybox')).toMatch(
      /(.*Read-only file system\n?){3}/,
    );
    expect(await shell('root', 'echo kept > /tmp/x; cat /tmp/x; echo gone > /dev/null; ls /etc')).toBe(
      'kept\nhostname\nhosts\nresolv.conf',
    );
    expect(await shell('root', 'cat /etc/hosts; cat /etc/resolv.conf')).toMatch(
      /^127\.0\.0\.1 localhost\n[^]*nameserver /,
    );
    expect(await shell('root', 'id -u')).not.toBe('0');
    expect(await shell('root', 'ls -a /run/hearth; cat /proc/1/comm')).toBe('.\n..\ninit\ninit');
  });

  test('writes START, END and REPORT, and no line about a runtime that it has not', async () => {
    await createActive('logged');
    const { log } = await invoke(client, 'logged', 'echo said >&1; busybox echo logged > /proc/$$/fd/2');
    expect(log).toMatch(/^START RequestId: \S+ Version: \$LATEST\n[^]*END RequestId[^]*REPORT RequestId/);
    expect(log).not.toContain('INIT_START');
  });

  test('keeps the image that the tag meant when it was created; an update finds what it means now', async () => {
    await layout.umoci('tag', '--image', layout.image('one'), 'moving');
    await push('moving');
    await createActive('moved', 'moving');
    const before = await client.send(new GetFunctionConfigurationCommand({ FunctionName: 'moved' }));
    await addLayer('moving', [{ name: 'new-file', content: 'new' }]);
    await push('moving');
    expect(await shell('moved', 'ls /new-file')).toContain('No such file');
    const dry = await client.send(
      new UpdateFunctionCodeCommand({ FunctionName: 'moved', ImageUri: uri('moving'), DryRun: true }),
    );
    expect(dry.CodeSha256).not.toBe(before.CodeSha256);
    expect(await shell('moved', 'ls /new-file')).toContain('No such file');
    const update = await client.send(
      new UpdateFunctionCodeCommand({ FunctionName: 'moved', ImageUri: uri('moving') }),
    );
    expect(update).toMatchObject({ LastUpdateStatus: 'InProgress', CodeSha256: dry.CodeSha256 });
    await updated('moved');
    expect(await shell('moved', 'cat /new-file')).toBe('new');
  });

  test('has versions and aliases, each with the image of its time', async () => {
    await createActive('versions', 'one', { Publish: true });
    await variant('second', () => addLayer('second', [{ name: 'second', content: 'yes' }]));
    const { CodeSha256 } = await client.send(
      new UpdateFunctionCodeCommand({ FunctionName: 'versions', ImageUri: uri('second') }),
    );
    await updated('versions');
    const two = await client.send(new PublishVersionCommand({ FunctionName: 'versions', CodeSha256 }));
    expect(two).toMatchObject({ Version: '2', State: 'Active', PackageType: 'Image', CodeSha256 });
    const again = await client.send(new PublishVersionCommand({ FunctionName: 'versions' }));
    expect(again.Version).toBe('2');
    await client.send(
      new CreateAliasCommand({ FunctionName: 'versions', Name: 'live', FunctionVersion: '2' }),
    );
    expect(await shell('versions', 'ls /second', '1')).toContain('No such file');
    expect(await shell('versions', 'cat /second; echo $AWS_LAMBDA_FUNCTION_VERSION', 'live')).toBe('yes2');
  });
});

describe('ImageConfig', () => {
  const settings = {
    EntryPoint: ['/bin/sh', '-c'],
    Command: ['cd / && exec /entry.sh'],
    WorkingDirectory: '/tmp',
  };

  test('replaces what the image says, member by member, and goes when it is empty', async () => {
    const made = await create('configured', 'one', { ImageConfig: { WorkingDirectory: '/lib' } });
    expect(made.ImageConfigResponse).toEqual({ ImageConfig: { WorkingDirectory: '/lib' } });
    await waitUntilFunctionActiveV2({ client, ...waiting }, { FunctionName: 'configured' });
    expect(await shell('configured', 'pwd')).toBe('/lib');
    const changed = await client.send(
      new UpdateFunctionConfigurationCommand({ FunctionName: 'configured', ImageConfig: settings }),
    );
    expect(changed.ImageConfigResponse).toEqual({ ImageConfig: settings });
    await updated('configured');
    expect(await shell('configured', 'pwd')).toBe('/');
    const emptied = await client.send(
      new UpdateFunctionConfigurationCommand({ FunctionName: 'configured', ImageConfig: {} }),
    );
    expect(emptied).not.toHaveProperty('ImageConfigResponse');
    await updated('configured');
    expect(await shell('configured', 'pwd')).toBe('/');
  });

  test.each<readonly [string, CreateFunctionCommandInput['ImageConfig'], string, string, string]>([
    [
      'nothing there',
      { EntryPoint: ['/absent'] },
      'Runtime.InvalidEntrypoint',
      'fork/exec /absent: no such file or directory',
      '/absent',
    ],
    [
      'no program',
      { EntryPoint: ['/etc/hosts'] },
      'Runtime.InvalidEntrypoint',
      'fork/exec /etc/hosts: permission denied',
      '/etc/hosts',
    ],
    [
      'nothing in PATH',
      { EntryPoint: ['app.handler'] },
      'Runtime.InvalidEntrypoint',
      "Couldn't find valid bootstrap(s): [app.handler]",
      'app.handler',
    ],
    [
      'no folder',
      { WorkingDirectory: '/absent' },
      'Runtime.InvalidWorkingDir',
      'chdir /absent: no such file or directory',
      '/entry.sh',
    ],
    [
      'a relative folder',
      { WorkingDirectory: 'tmp' },
      'Runtime.InvalidWorkingDir',
      "the working directory 'tmp' is invalid, it needs to be an absolute path",
      '/entry.sh',
    ],
  ])(
    'with %s to start is an error of the function, and said in its log',
    async (what, config, type, text, entry) => {
      const name = `broken-${what.replaceAll(' ', '-')}`;
      await createActive(name, 'one', config ? { ImageConfig: config } : {});
      const { payload, functionError, log } = await invoke(client, name);
      expect(functionError).toBe('Unhandled');
      expect(payload).toEqual({
        errorType: type,
        errorMessage: expect.stringMatching(/^RequestId: [0-9a-f-]{36} Error: /),
      });
      expect((payload as { errorMessage: string }).errorMessage.endsWith(` Error: ${text}`)).toBe(true);
      expect(log).toContain(`IMAGE\tLaunch error: ${text}\tEntry Point: [${entry}]\tCmd: []\tWorkingDir: [`);
      expect(log).toContain(`Error Type: ${type}`);
    },
  );
});

describe("AWS's runtime interface client as entry point", () => {
  const clientTest = needs(ready && python, 'awslambdaric in the Python of the tests');

  clientTest('serves a handler that the command names', async () => {
    if (!python) return;
    const app = `import os, sys
def handler(event, context):
    if event == 'fail':
        raise ValueError('not today')
    return [event, context.function_name, os.environ.get('_HANDLER'), os.getcwd()]
`;
    await layout.addTree('ric', await pythonTree(python, app));
    await layout.configure(
      'ric',
      ...[python.program, '-m', 'awslambdaric'].flatMap((word) => ['--config.entrypoint', word]),
      '--config.cmd',
      'app.handler',
      '--config.workingdir',
      '/var/task',
    );
    await push('ric');
    await createActive('ric', 'ric', { MemorySize: 256, Timeout: 30 });
    expect(await invokeAsJson('ric', { a: 1 })).toEqual([{ a: 1 }, 'ric', null, '/var/task']);
    expect(await invokeAsJson('ric', 'fail')).toMatchObject({
      errorType: 'ValueError',
      errorMessage: 'not today',
    });
  });
});

/** The client takes an event for JSON only where its type says so; SDKs send another one. */
async function invokeAsJson(name: string, event: unknown): Promise<unknown> {
  const scope = 'test/20260101/us-east-1/lambda/aws4_request';
  const answer = await fetch(`${hearth.endpoint}/2015-03-31/functions/${name}/invocations`, {
    method: 'POST',
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(event),
  });
  return answer.json();
}

describe('the layers of an image', () => {
  test('remove files and folders of lower ones', async () => {
    await variant('whiteouts', async () => {
      await addLayer('whiteouts', [
        { name: 'data', type: '5', mode: 0o755 },
        { name: 'data/one', content: '1' },
        { name: 'data/two', content: '2' },
        { name: 'old', type: '5', mode: 0o755 },
        { name: 'old/file', content: 'x' },
      ]);
      await addLayer('whiteouts', [{ name: 'data/.wh.one' }, { name: 'data/three', content: '3' }]);
      await addLayer('whiteouts', [
        { name: 'old/.wh..wh..opq' },
        { name: 'old/new', content: 'y' },
        { name: 'data/.wh.two' },
      ]);
    });
    await createActive('whiteouts', 'whiteouts');
    expect(await shell('whiteouts', 'cd /; find data old')).toBe('data\ndata/three\nold\nold/new');
  });

  test('lend no rights and open nothing of the host', async () => {
    await variant('hostile', () =>
      addLayer('hostile', [
        { name: 'suid', type: '1', linkName: 'bin/busybox' },
        { name: 'rooted', content: '#!/bin/sh\nid -u\n', mode: 0o6755 },
        { name: 'disk', type: '4' },
        { name: 'host', type: '2', linkName: '../../../../../../../../etc' },
        { name: 'private', content: 'secret', mode: 0o600 },
        { name: 'etc', type: '2', linkName: '/proc/1/root/etc' },
        { name: 'tmp', type: '2', linkName: '/dev' },
      ]),
    );
    await createActive('hostile', 'hostile');
    expect(await shell('hostile', 'stat -c %a /rooted /bin/busybox; /rooted')).toMatch(
      /^755\n755\n[1-9]\d+$/,
    );
    expect(await shell('hostile', 'ls /disk; ls /host; cat /private')).toBe(
      "ls: /disk: No such file or directory\nhostname\nhosts\nresolv.conf\ncat: can't open '/private': Permission denied",
    );
    expect(await shell('hostile', 'touch /tmp/x && ls /tmp')).toBe('x');
  });

  test('bring extensions, which are started as those of a layer', async () => {
    await variant('extended', () =>
      addLayer('extended', [
        { name: 'opt', type: '5', mode: 0o755 },
        { name: 'opt/extensions', type: '5', mode: 0o755 },
        { name: 'opt/extensions/ends', content: '#!/bin/sh\nexit 3\n', mode: 0o755 },
      ]),
    );
    await createActive('extended', 'extended');
    const { payload } = await invoke(client, 'extended', 'echo');
    expect(payload).toMatchObject({ errorType: expect.stringContaining('Extension.') });
  });

  test('that lead outside make the function fail, and say why', async () => {
    await variant('outside', () => addLayer('outside', [{ name: '../../outside', content: 'x' }]));
    await create('outside', 'outside');
    const settled = waitUntilFunctionActiveV2({ client, ...waiting }, { FunctionName: 'outside' });
    await expect(settled).rejects.toThrow();
    const { Configuration } = await client.send(new GetFunctionCommand({ FunctionName: 'outside' }));
    expect(Configuration).toMatchObject({
      State: 'Failed',
      StateReasonCode: 'InvalidImage',
      StateReason: expect.stringContaining('leads outside'),
    });
  });

  test('of an index are those of this machine', async () => {
    const mine = process.arch === 'arm64' ? 'arm64' : 'amd64';
    const other = mine === 'amd64' ? 'arm64' : 'amd64';
    await variant('foreign', () => layout.configure('foreign', '--architecture', other));
    const refused = create('foreign', 'foreign');
    await expect(refused).rejects.toThrow(
      `is not valid. Provide a valid source image. (the image is for linux/${other}`,
    );
    await putIndex('multi', [
      [other, 'foreign'],
      [mine, 'one'],
    ]);
    await createActive('multi', 'multi');
    expect(await shell('multi', 'echo runs')).toBe('runs');
  });
});

/** An index as builders make it of images that were pushed before. */
async function putIndex(
  tag: string,
  images: readonly (readonly [architecture: string, tag: string])[],
): Promise<void> {
  const type = 'application/vnd.oci.image.manifest.v1+json';
  const manifests = [];
  for (const [architecture, name] of images) {
    const answer = await fetch(`http://${registry.host}/v2/shell/manifests/${name}`, {
      headers: { accept: type },
    });
    const digest = answer.headers.get('docker-content-digest');
    const size = (await answer.arrayBuffer()).byteLength;
    manifests.push({ mediaType: type, digest, size, platform: { os: 'linux', architecture } });
  }
  const index = 'application/vnd.oci.image.index.v1+json';
  const body = JSON.stringify({ schemaVersion: 2, mediaType: index, manifests });
  const put = await fetch(`http://${registry.host}/v2/shell/manifests/${tag}`, {
    method: 'PUT',
    headers: { 'content-type': index },
    body,
  });
  expect(put.status).toBe(201);
}

describe('what is no such image, or no such function', () => {
  const both =
    "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image.";

  test.each<readonly [string, () => Promise<unknown>, string, string]>([
    [
      'an absent tag',
      () => create('x', 'absent'),
      'InvalidParameterValueException',
      'absent does not exist. Provide a valid source image.',
    ],
    ['a handler', () => create('x', 'one', { Handler: 'a.b' }), 'InvalidParameterValueException', both],
    [
      'a runtime',
      () => create('x', 'one', { Runtime: 'python3.12' }),
      'InvalidParameterValueException',
      both,
    ],
    [
      'no image',
      () => create('x', 'one', { Code: {} }),
      'InvalidParameterValueException',
      'Please provide ImageUri',
    ],
    [
      'an image as a zip',
      () => create('x', 'one', { PackageType: 'Zip', Handler: 'a.b', Runtime: 'python3.12' }),
      'InvalidParameterValueException',
      "Please don't provide ImageUri",
    ],
    [
      'something else than an address',
      () => create('x', 'one', { Code: { ImageUri: 'NOT AN ADDRESS' } }),
      'InvalidParameterValueException',
      'is not valid. Provide a valid source image.',
    ],
    [
      'settings of more than 16 KB',
      () =>
        create('x', 'one', { ImageConfig: { Command: Array.from({ length: 1_500 }, () => 'twelve bytes') } }),
      'InvalidParameterValueException',
      'ImageConfig must be smaller than 16384 bytes',
    ],
  ])('%s is refused', async (_, attempt, name, message) => {
    await expect(attempt()).rejects.toMatchObject({ name, message: expect.stringContaining(message) });
  });

  test('code of the other package type is refused, and settings that it has not', async () => {
    await createActive('typed');
    await createPython(client, 'zipped', 'def handler(event, context):\n    return 1\n');
    const zip = new UpdateFunctionCodeCommand({ FunctionName: 'typed', ZipFile: Buffer.from('x') });
    await expect(client.send(zip)).rejects.toThrow(
      'Please provide ImageUri when updating a function with packageType Image.',
    );
    const image = new UpdateFunctionCodeCommand({ FunctionName: 'zipped', ImageUri: uri('one') });
    await expect(client.send(image)).rejects.toThrow(
      "Please don't provide ImageUri when updating a function with packageType Zip.",
    );
    const handler = new UpdateFunctionConfigurationCommand({ FunctionName: 'typed', Handler: 'a.b' });
    await expect(client.send(handler)).rejects.toThrow(both);
    const config = new UpdateFunctionConfigurationCommand({
      FunctionName: 'zipped',
      ImageConfig: { Command: ['a'] },
    });
    await expect(client.send(config)).rejects.toThrow("Please don't provide ImageConfig");
  });

  test('the process sandbox refuses images by name', async () => {
    const other = await startHearth({ args: ['--sandbox', 'process'] });
    const plain = lambdaClient(other.endpoint);
    try {
      const creating = plain.send(
        new CreateFunctionCommand({
          FunctionName: 'x',
          Role: ROLE,
          PackageType: 'Image',
          Code: { ImageUri: uri('one') },
        }),
      );
      await expect(creating).rejects.toMatchObject({
        name: 'NotImplemented',
        message: expect.stringContaining('CreateFunction: PackageType Image. The process sandbox cannot run'),
      });
    } finally {
      plain.destroy();
      await other.dispose();
    }
  });
});

describe('on disk', () => {
  const kept = (kind: string, dataFolder: string): readonly string[] =>
    readdirSync(join(dataFolder, 'images', kind));

  test('a server that is killed in the middle of a pull leaves nothing half; the next one finishes it', async () => {
    const raw = await startRawRegistry();
    const { layerHexes } = putImage(raw, 'slow', {
      layers: [rawTar([{ name: 'x', content: noise(1_000_000) }])],
    });
    const path = `blobs/sha256:${layerHexes[0]}`;
    const whole = raw.answers.get(path);
    const halfway = Promise.withResolvers<void>();
    raw.answers.set(path, (_, response) => {
      response.writeHead(200);
      response.write(Buffer.alloc(100_000), () => halfway.resolve());
    });
    const first = await startHearth();
    const before = lambdaClient(first.endpoint);
    const Code = { ImageUri: `${raw.host}/app:slow` };
    await before.send(
      new CreateFunctionCommand({ FunctionName: 'x', Role: ROLE, PackageType: 'Image', Code }),
    );
    await halfway.promise;
    expect(kept('staging', first.dataFolder).length).toBe(1);
    await first.kill();
    before.destroy();
    if (whole) raw.answers.set(path, whole);
    const second = await startHearth({ dataFolder: first.dataFolder });
    const after = lambdaClient(second.endpoint);
    await waitUntilFunctionActiveV2({ client: after, ...waiting }, { FunctionName: 'x' });
    expect(['images', 'layers', 'staging'].map((kind) => kept(kind, first.dataFolder).length)).toEqual([
      1, 1, 0,
    ]);
    await after.send(new DeleteFunctionCommand({ FunctionName: 'x' }));
    after.destroy();
    await second.stop();
    const third = await startHearth({ dataFolder: first.dataFolder });
    for (const kind of ['images', 'layers', 'staging']) expect(kept(kind, first.dataFolder)).toEqual([]);
    await third.dispose();
    await raw.stop();
  });

  test('layers are there once for all images and functions', async () => {
    await variant('sharing', () => addLayer('sharing', [{ name: 'more', content: 'x' }]));
    await createActive('sharing-base');
    const before = kept('layers', hearth.dataFolder).length;
    await createActive('sharing-one', 'sharing');
    await createActive('sharing-two', 'sharing');
    expect(kept('layers', hearth.dataFolder).length).toBe(before + 1);
  });
});

/** Bytes that do not compress, the same in every run. */
function noise(bytes: number): Buffer {
  const content = Buffer.alloc(bytes);
  for (let at = 0, state = 1; at + 4 <= bytes; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    content.writeUInt32LE(state, at);
  }
  return content;
}

describe('a registry with a login', () => {
  test("gives images to the operator's own login, and to nobody without", async () => {
    const guarded = await startRegistry('me:secret');
    const config = join(folder, 'docker');
    const other = await startHearth({ env: { DOCKER_CONFIG: config } });
    const plain = lambdaClient(other.endpoint);
    try {
      await guarded.push(layout.image('one'), 'shell:one');
      const creating = (name: string) =>
        plain.send(
          new CreateFunctionCommand({
            FunctionName: name,
            Role: ROLE,
            PackageType: 'Image',
            Code: { ImageUri: `${guarded.host}/shell:one` },
          }),
        );
      await expect(creating('x')).rejects.toMatchObject({
        name: 'AccessDeniedException',
        message: expect.stringContaining('Lambda does not have permission to access the ECR image.'),
      });
      writeLogin(config, guarded.host);
      await creating('x');
      await waitUntilFunctionActiveV2({ client: plain, ...waiting }, { FunctionName: 'x' });
      const { payload } = await invoke(plain, 'x', 'echo in');
      expect(shellOutput(payload)).toBe('in');
    } finally {
      plain.destroy();
      await other.dispose();
      await guarded.stop();
    }
  });
});

function writeLogin(dockerConfig: string, host: string): void {
  mkdirSync(dockerConfig, { recursive: true });
  const auth = Buffer.from('me:secret').toString('base64');
  writeFileSync(join(dockerConfig, 'config.json'), JSON.stringify({ auths: { [host]: { auth } } }));
}
