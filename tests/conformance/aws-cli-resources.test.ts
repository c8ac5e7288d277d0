import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateAliasCommand, PublishVersionCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { type AwsCli, awsCli } from '../support/aws-cli.ts';
import { createPython, lambdaClient } from '../support/functions.ts';
import { type RunningHearth, startHearth } from '../support/hearth.ts';
import { needs, programs } from '../support/programs.ts';
import { zip } from '../support/zip.ts';

/** What surrounds a function, typed by a person; calls that do not wait for each other run side by side. */
const clients = [
  { name: 'AWS CLI 2', program: programs.awsCliV2 },
  { name: 'AWS CLI 1', program: programs.awsCliV1 },
];

const ROLE = 'arn:aws:iam::000000000000:role/any';
const echo = 'def handler(event, context):\n    print("seen")\n    return event["give"]\n';

let hearth: RunningHearth;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hearth-cli-'));
  writeFileSync(join(folder, 'layer.zip'), zip({ 'python/shared.py': 'NAME = "layer"\n' }));
  hearth = await startHearth({ args: ['--hot-reload', folder] });
});

afterAll(async () => {
  await hearth?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(clients)('$name', ({ name, program = '' }) => {
  const test = needs(program, name);
  const prefix = name.replaceAll(' ', '-').toLowerCase();
  let cli: AwsCli;

  beforeAll(() => {
    cli = awsCli(program, { endpoint: hearth.endpoint, cwd: folder });
  });

  test('aliases are read, listed and deleted', async () => {
    const fn = `${prefix}-aliases`;
    const client = lambdaClient(hearth.endpoint);
    const arn = await createPython(client, fn, echo);
    await client.send(new PublishVersionCommand({ FunctionName: fn }));
    await client.send(new CreateAliasCommand({ FunctionName: fn, Name: 'live', FunctionVersion: '1' }));
    const named = ['--function-name', fn];
    const [alias, aliases, gone] = await Promise.all([
      cli.call('lambda', 'get-alias', ...named, '--name', 'live'),
      cli.call('lambda', 'list-aliases', ...named, '--query', 'Aliases[].Name'),
      cli.failure('lambda', 'get-alias', ...named, '--name', 'gone'),
    ]);
    expect(alias).toEqual({
      AliasArn: `${arn}:live`,
      Name: 'live',
      FunctionVersion: '1',
      Description: '',
      RevisionId: expect.any(String),
    });
    expect(aliases).toEqual(['live']);
    expect(gone).toContain(
      `An error occurred (ResourceNotFoundException) when calling the GetAlias operation: Cannot find alias arn: ${arn}:gone`,
    );
    expect(await cli.call('lambda', 'delete-alias', ...named, '--name', 'live')).toBeUndefined();
  });

  test('layers have a life of their own', async () => {
    const layer = ['--layer-name', `${prefix}-layer`];
    const version = [...layer, '--version-number', '1'];
    const arn = `arn:aws:lambda:us-east-1:000000000000:layer:${prefix}-layer:1`;
    await cli.call('lambda', 'publish-layer-version', ...layer, '--zip-file', 'fileb://layer.zip');
    const permission = [...version, '--statement-id', 'all'];
    const grant = ['--action', 'lambda:GetLayerVersion', '--principal', '*'];
    const [byArn, layers, versions] = await Promise.all([
      cli.call('lambda', 'get-layer-version-by-arn', '--arn', arn),
      cli.call('lambda', 'list-layers', '--query', 'Layers[].LayerName'),
      cli.call('lambda', 'list-layer-versions', ...layer, '--query', 'LayerVersions[].Version'),
      cli.call('lambda', 'add-layer-version-permission', ...permission, ...grant),
    ]);
    expect(byArn).toMatchObject({
      LayerVersionArn: arn,
      Version: 1,
      Content: { CodeSize: expect.any(Number) },
    });
    expect(layers).toContain(`${prefix}-layer`);
    expect(versions).toEqual([1]);
    expect(await cli.call('lambda', 'get-layer-version-policy', ...version)).toMatchObject({
      Policy: expect.stringContaining(`"Resource":"${arn}"`),
    });
    await cli.call('lambda', 'remove-layer-version-permission', ...permission);
    await cli.call('lambda', 'delete-layer-version', ...version);
    expect(await cli.failure('lambda', 'get-layer-version', ...version)).toContain(
      '(ResourceNotFoundException) when calling the GetLayerVersion operation: The resource you requested does not exist.',
    );
  });

  test('an invocation shows its status, its error, and what it was given', async () => {
    const fn = `${prefix}-invoked`;
    await createPython(lambdaClient(hearth.endpoint), fn, echo);
    const raw = program === programs.awsCliV2 ? ['--cli-binary-format', 'raw-in-base64-out'] : [];
    const invoke = async (out: string, payload: string, ...args: string[]) => {
      const file = join(folder, `${prefix}-${out}`);
      const named = ['--function-name', fn, ...raw, '--payload', payload];
      const answer = await cli.call('lambda', 'invoke', ...named, ...args, file);
      return { answer, payload: readFileSync(file, 'utf8') };
    };
    const [fine, failed, dry, malformed] = await Promise.all([
      invoke('fine', '{"give": [1]}'),
      invoke('failed', '{}'),
      invoke('dry', '{}', '--invocation-type', 'DryRun'),
      cli.failure('lambda', 'invoke', '--function-name', fn, ...raw, '--payload', '{', join(folder, 'none')),
    ]);
    expect(fine).toEqual({ answer: { StatusCode: 200, ExecutedVersion: '$LATEST' }, payload: '[1]' });
    expect(failed.answer).toEqual({
      StatusCode: 200,
      FunctionError: 'Unhandled',
      ExecutedVersion: '$LATEST',
    });
    expect(JSON.parse(failed.payload)).toMatchObject({ errorType: 'KeyError', errorMessage: "'give'" });
    expect(dry).toEqual({ answer: { StatusCode: 204 }, payload: '' });
    expect(malformed).toContain(
      '(InvalidRequestContentException) when calling the Invoke operation: Could not parse request body into json',
    );
  });

  test('a folder of the host runs live', async () => {
    const fn = `${prefix}-live`;
    const source = join(folder, fn);
    const says = (text: string) =>
      writeFileSync(join(source, 'app.py'), `def handler(event, context):\n    return "${text}"\n`);
    mkdirSync(source);
    says('one');
    const named = ['--function-name', fn];
    const settings = ['--runtime', 'python3.11', '--handler', 'app.handler', '--role', ROLE];
    const code = ['--code', `S3Bucket=hot-reload,S3Key=${source}`];
    await cli.call('lambda', 'create-function', ...named, ...settings, ...code);
    await cli.call('lambda', 'wait', 'function-active-v2', ...named);
    const answer = async () => {
      const out = join(folder, `${fn}.json`);
      await cli.call('lambda', 'invoke', ...named, out);
      return readFileSync(out, 'utf8');
    };
    expect(await answer()).toBe('"one"');
    says('two');
    await expect.poll(answer, { timeout: 30_000 }).toBe('"two"');
  });

  test('account, concurrency and tags are read back', async () => {
    const fn = `${prefix}-settings`;
    const Resource = await createPython(lambdaClient(hearth.endpoint), fn, echo, {
      Tags: { a: '1', b: '2' },
    });
    const [account, concurrency] = await Promise.all([
      cli.call('lambda', 'get-account-settings', '--query', 'AccountLimit.ConcurrentExecutions'),
      cli.call('lambda', 'get-function-concurrency', '--function-name', fn),
      cli.call('lambda', 'untag-resource', '--resource', Resource, '--tag-keys', 'a'),
    ]);
    expect(account).toBe(1_000);
    // An empty answer is an empty object to one version of the CLI, and nothing to the other.
    expect(concurrency ?? {}).toEqual({});
    expect(await cli.call('lambda', 'list-tags', '--resource', Resource)).toEqual({ Tags: { b: '2' } });
  });
});
