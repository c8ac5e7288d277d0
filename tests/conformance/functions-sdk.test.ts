import {
  CreateAliasCommand,
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  DeleteAliasCommand,
  DeleteFunctionCommand,
  DeleteLayerVersionCommand,
  GetAliasCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  GetLayerVersionByArnCommand,
  GetLayerVersionCommand,
  InvokeCommand,
  type LambdaClient,
  type LambdaServiceException,
  ListAliasesCommand,
  ListLayersCommand,
  ListLayerVersionsCommand,
  ListVersionsByFunctionCommand,
  paginateListFunctions,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
  waitUntilPublishedVersionActive,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPython, lambdaClient, ROLE, runtimes } from '../support/functions.ts';
import { type RunningHearth, startHearth } from '../support/hearth.ts';
import { zip } from '../support/zip.ts';

/** Functions, versions, aliases and layers, through the AWS SDK for JavaScript: answers and errors as AWS gives them. */
let hearth: RunningHearth;
let client: LambdaClient;

beforeAll(async () => {
  hearth = await startHearth();
  client = lambdaClient(hearth.endpoint);
});

afterAll(() => hearth?.dispose());

const arn = (rest: string): string => `arn:aws:lambda:us-east-1:000000000000:${rest}`;
const says = (text: string): string => `def handler(event, context):\n    return ${JSON.stringify(text)}\n`;
const code = (text: string): Uint8Array => zip({ 'app.py': says(text) });

async function answer(FunctionName: string, Qualifier?: string): Promise<unknown> {
  const { Payload, FunctionError } = await client.send(
    new InvokeCommand({ FunctionName, ...(Qualifier === undefined ? {} : { Qualifier }) }),
  );
  expect(FunctionError).toBeUndefined();
  return JSON.parse(Buffer.from(Payload ?? []).toString());
}

/** What a client makes of the error: exception name, status, message. */
async function failure(sent: Promise<unknown>): Promise<{ name: string; status: number; message: string }> {
  const error = await sent.then(
    () => expect.unreachable('the call should have failed'),
    (reason: LambdaServiceException) => reason,
  );
  return { name: error.name, status: error.$metadata.httpStatusCode ?? 0, message: error.message };
}

async function updated(FunctionName: string): Promise<void> {
  await waitUntilFunctionUpdatedV2(
    { client, maxWaitTime: 60, minDelay: 0.05, maxDelay: 0.5 },
    { FunctionName },
  );
}

describe('functions', () => {
  test('show what AWS shows while they are made, when they are there, and while they change', async () => {
    const made = await client.send(
      new CreateFunctionCommand({
        FunctionName: 'life',
        Runtime: runtimes.python,
        Handler: 'app.handler',
        Role: ROLE,
        Code: { ZipFile: code('one') },
        Environment: { Variables: { MODE: '1' } },
        Tags: { team: 'a' },
      }),
    );
    expect(made).toMatchObject({ State: 'Pending', StateReasonCode: 'Creating', Version: '$LATEST' });
    await updated('life');
    const got = await client.send(new GetFunctionCommand({ FunctionName: 'life' }));
    expect(got).toMatchObject({
      Configuration: { State: 'Active', LastUpdateStatus: 'Successful', CodeSha256: made.CodeSha256 },
      Code: { RepositoryType: 'S3' },
      Tags: { team: 'a' },
    });
    const changed = await client.send(
      new UpdateFunctionCodeCommand({ FunctionName: 'life', ZipFile: code('two') }),
    );
    expect(changed).toMatchObject({ State: 'Active', LastUpdateStatus: 'InProgress' });
    expect(changed.CodeSha256).not.toBe(made.CodeSha256);
    await updated('life');
    expect(await answer('life')).toBe('two');
  });

  test('the link to the code gives back the archive, to anyone, and no changed link does', async () => {
    const archive = code('download');
    await client.send(
      new CreateFunctionCommand({
        FunctionName: 'download',
        Runtime: runtimes.python,
        Handler: 'app.handler',
        Role: ROLE,
        Code: { ZipFile: archive },
      }),
    );
    const { Code } = await client.send(new GetFunctionCommand({ FunctionName: 'download' }));
    const response = await fetch(Code?.Location ?? '');
    expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from(archive));
    const forged = await fetch((Code?.Location ?? '').replace(/signature=..../, 'signature=0000'));
    expect(forged.status).toBe(403);
  });

  test('configuration changes reach the next invocation; a stale revision reaches nothing', async () => {
    const source = 'import os\ndef handler(event, context):\n    return os.environ.get("WHO")\n';
    await createPython(client, 'configured', source, { Environment: { Variables: { WHO: 'one' } } });
    expect(await answer('configured')).toBe('one');
    const stale = new UpdateFunctionConfigurationCommand({
      FunctionName: 'configured',
      RevisionId: '00000000-0000-0000-0000-000000000000',
      Timeout: 9,
    });
    expect(await failure(client.send(stale))).toMatchObject({
      name: 'PreconditionFailedException',
      status: 412,
    });
    await client.send(
      new UpdateFunctionConfigurationCommand({
        FunctionName: 'configured',
        Environment: { Variables: { WHO: 'two' } },
      }),
    );
    await updated('configured');
    expect(await answer('configured')).toBe('two');
  });

  test('lists give every function once, whatever the page size', async () => {
    const names = ['list-a', 'list-b', 'list-c'];
    for (const name of names) await createPython(client, name, says(name));
    const found: string[] = [];
    for await (const page of paginateListFunctions({ client, pageSize: 1 }, {})) {
      expect(page.Functions?.length).toBeLessThanOrEqual(1);
      found.push(...(page.Functions ?? []).map(({ FunctionName = '' }) => FunctionName));
    }
    expect(found.filter((name) => names.includes(name))).toEqual(names);
    expect(new Set(found).size).toBe(found.length);
  });

  test('of one account and region are not seen from another', async () => {
    await createPython(client, 'apart', says('apart'));
    const other = lambdaClient(hearth.endpoint, '111111111111');
    const plain = new GetFunctionCommand({ FunctionName: 'apart' });
    expect(await failure(other.send(plain))).toMatchObject({
      name: 'ResourceNotFoundException',
      status: 404,
    });
    const byArn = new GetFunctionCommand({ FunctionName: arn('function:apart') });
    expect(await failure(other.send(byArn))).toMatchObject({ name: 'AccessDeniedException', status: 403 });
    const elsewhere = new GetFunctionCommand({
      FunctionName: 'arn:aws:lambda:eu-west-1:000000000000:function:apart',
    });
    expect(await failure(client.send(elsewhere))).toEqual({
      name: 'ResourceNotFoundException',
      status: 404,
      message: "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    });
  });

  const valid: CreateFunctionCommandInput = {
    FunctionName: 'refused',
    Runtime: runtimes.python,
    Handler: 'app.handler',
    Role: ROLE,
    Code: { ZipFile: code('x') },
  };

  test.each<[string, object, string, number, string | RegExp]>([
    [
      'a name of 65 characters',
      { FunctionName: 'n'.repeat(65) },
      'InvalidParameterValueException',
      400,
      /^1 validation error detected: Value 'n{65}' at 'functionName' .* less than or equal to 64$/,
    ],
    [
      'a name with two qualifiers',
      { FunctionName: 'a:1:2' },
      'ValidationException',
      400,
      /at 'functionName'/,
    ],
    [
      'a role that is none',
      { Role: 'nobody' },
      'ValidationException',
      400,
      /^1 validation error detected: Value 'nobody' at 'role'/,
    ],
    [
      'a retired runtime',
      { Runtime: 'nodejs12.x' },
      'InvalidParameterValueException',
      400,
      'The runtime parameter of nodejs12.x is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.',
    ],
    [
      'an unknown runtime',
      { Runtime: 'cobol85' },
      'InvalidParameterValueException',
      400,
      /^Value cobol85 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: \[nodejs20\.x, .*\] or be a valid ARN$/,
    ],
    [
      'a language that does not run here yet',
      { Runtime: 'ruby3.3' },
      'NotImplemented',
      501,
      /Hearth does not implement CreateFunction: Runtime/,
    ],
    [
      'two architectures',
      { Architectures: ['x86_64', 'arm64'] },
      'ValidationException',
      400,
      /Value '\[x86_64, arm64\]' at 'architectures' .* less than or equal to 1/,
    ],
    ['memory below 128', { MemorySize: 127 }, 'ValidationException', 400, /greater than or equal to 128/],
    [
      'memory above 10,240',
      { MemorySize: 10_241 },
      'InvalidParameterValueException',
      400,
      "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 10240",
    ],
    ['a timeout above 900', { Timeout: 901 }, 'ValidationException', 400, /less than or equal to 900/],
    [
      'a file that is no zip',
      { Code: { ZipFile: Buffer.from('no zip') } },
      'InvalidParameterValueException',
      400,
      'Could not unzip uploaded file. Please check your file, then try to upload again.',
    ],
    [
      'more than five layers',
      { Layers: [1, 2, 3, 4, 5, 6].map((number) => arn(`layer:l${number}:1`)) },
      'InvalidParameterValueException',
      400,
      'Cannot reference more than 5 layers.',
    ],
    [
      'a layer that is not there',
      { Layers: [arn('layer:nowhere:9')] },
      'InvalidParameterValueException',
      400,
      `Layer version ${arn('layer:nowhere:9')} does not exist.`,
    ],
    [
      'a container image and what it does not take',
      { PackageType: 'Image', Code: { ImageUri: 'x' } },
      'InvalidParameterValueException',
      400,
      "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image.",
    ],
  ])('with %s are refused', async (_, change, name, status, message) => {
    const refused = await failure(client.send(new CreateFunctionCommand({ ...valid, ...change })));
    expect(refused).toMatchObject({ name, status });
    if (typeof message === 'string') expect(refused.message).toBe(message);
    else expect(refused.message).toMatch(message);
  });

  test('that are gone are not found, by any call', async () => {
    await createPython(client, 'gone', says('gone'));
    expect((await client.send(new DeleteFunctionCommand({ FunctionName: 'gone' }))).StatusCode).toBe(204);
    const missing = { name: 'ResourceNotFoundException', status: 404 };
    const message = `Function not found: ${arn('function:gone')}`;
    for (const command of [
      new DeleteFunctionCommand({ FunctionName: 'gone' }),
      new GetFunctionConfigurationCommand({ FunctionName: 'gone' }),
      new UpdateFunctionConfigurationCommand({ FunctionName: 'gone', Timeout: 9 }),
      new PublishVersionCommand({ FunctionName: 'gone' }),
      new ListVersionsByFunctionCommand({ FunctionName: 'gone' }),
    ]) {
      expect(await failure(client.send(command))).toEqual({
        ...missing,
        message,
      });
    }
    expect(await failure(answer('gone'))).toEqual({ ...missing, message: `${message}:$LATEST` });
  });
});

describe('versions and aliases', () => {
  test('freeze code, share invocations by weight, and show through the ARN', async () => {
    await createPython(client, 'versions', says('one'));
    const one = await client.send(
      new PublishVersionCommand({ FunctionName: 'versions', Description: 'first' }),
    );
    expect(one).toMatchObject({ Version: '1', State: 'Active', FunctionArn: arn('function:versions:1') });
    const again = await client.send(new PublishVersionCommand({ FunctionName: 'versions' }));
    expect(again).toMatchObject({ Version: '1', RevisionId: one.RevisionId, Description: 'first' });
    const two = await client.send(
      new UpdateFunctionCodeCommand({ FunctionName: 'versions', ZipFile: code('two'), Publish: true }),
    );
    expect(two).toMatchObject({ Version: '2', State: 'Pending', FunctionArn: arn('function:versions:2') });
    await waitUntilPublishedVersionActive(
      { client, maxWaitTime: 60, minDelay: 0.05, maxDelay: 0.5 },
      { FunctionName: 'versions', Qualifier: '2' },
    );
    expect([await answer('versions', '1'), await answer('versions', '2')]).toEqual(['one', 'two']);

    const alias = { FunctionName: 'versions', Name: 'live' };
    const made = await client.send(new CreateAliasCommand({ ...alias, FunctionVersion: '1' }));
    expect(made).toMatchObject({
      AliasArn: arn('function:versions:live'),
      FunctionVersion: '1',
      Description: '',
    });
    expect(await answer(arn('function:versions:live'))).toBe('one');
    await client.send(
      new UpdateAliasCommand({ ...alias, RoutingConfig: { AdditionalVersionWeights: { '2': 1 } } }),
    );
    expect(await answer('versions', 'live')).toBe('two');
    const cleared = await client.send(
      new UpdateAliasCommand({ ...alias, RoutingConfig: { AdditionalVersionWeights: {} } }),
    );
    expect(cleared.RoutingConfig).toBeUndefined();
    const got = await client.send(new GetFunctionCommand({ FunctionName: 'versions', Qualifier: 'live' }));
    expect(got.Configuration).toMatchObject({ FunctionArn: arn('function:versions:live'), Version: '1' });
    const listed = await client.send(
      new ListAliasesCommand({ FunctionName: 'versions', FunctionVersion: '1' }),
    );
    expect(listed.Aliases).toMatchObject([{ Name: 'live' }]);

    const used = new DeleteFunctionCommand({ FunctionName: 'versions', Qualifier: '1' });
    expect(await failure(client.send(used))).toMatchObject({
      name: 'ResourceConflictException',
      status: 409,
    });
    await client.send(new DeleteAliasCommand(alias));
    await client.send(new DeleteAliasCommand(alias));
    await client.send(used);
    const versions = await client.send(new ListVersionsByFunctionCommand({ FunctionName: 'versions' }));
    expect(versions.Versions?.map(({ Version }) => Version)).toEqual(['$LATEST', '2']);
    expect(await failure(client.send(new GetAliasCommand(alias)))).toEqual({
      name: 'ResourceNotFoundException',
      status: 404,
      message: `Cannot find alias arn: ${arn('function:versions:live')}`,
    });
  });

  test('are refused in the words of AWS', async () => {
    await createPython(client, 'wrong', says('x'), { Publish: true });
    const base = { FunctionName: 'wrong', Name: 'live', FunctionVersion: '1' };
    const weights = (AdditionalVersionWeights: Record<string, number>, change: object = {}) =>
      failure(
        client.send(
          new CreateAliasCommand({ ...base, ...change, RoutingConfig: { AdditionalVersionWeights } }),
        ),
      );
    expect((await weights({ '1': 0.5 })).message).toBe(
      'Invalid function version 1. Function version 1 is already included in routing configuration.',
    );
    expect((await weights({ '2': 0.5 })).message).toBe(`Function not found: ${arn('function:wrong:2')}`);
    expect((await weights({ '2': 0.5, '3': 0.5 })).message).toBe(
      'Number of items in AdditionalVersionWeights cannot be greater than 1',
    );
    expect((await weights({ $LATEST: 0.5 })).message).toContain('Map keys must satisfy constraint');
    expect((await weights({ '2': 1.5 })).message).toContain('Map value must satisfy constraint');
    expect((await weights({ '1': 0.5 }, { FunctionVersion: '$LATEST' })).message).toBe(
      '$LATEST is not supported for an alias pointing to more than 1 version',
    );
    await client.send(new CreateAliasCommand(base));
    expect(await failure(client.send(new CreateAliasCommand(base)))).toEqual({
      name: 'ResourceConflictException',
      status: 409,
      message: `Alias already exists: ${arn('function:wrong:live')}`,
    });
    const mismatch = new GetFunctionCommand({
      FunctionName: `${arn('function:wrong')}:$LATEST`,
      Qualifier: '1',
    });
    expect((await failure(client.send(mismatch))).message).toBe(
      'The derived qualifier from the function name does not match the specified qualifier.',
    );
    const hash = new PublishVersionCommand({ FunctionName: 'wrong', CodeSha256: 'other' });
    expect((await failure(client.send(hash))).message).toMatch(
      /^CodeSHA256 \(other\) is different from current CodeSHA256 in \$LATEST \(.{44}\)\. Please try again with the CodeSHA256 in \$LATEST\.$/,
    );
    const latest = new DeleteFunctionCommand({ FunctionName: 'wrong', Qualifier: '$LATEST' });
    expect((await failure(client.send(latest))).message).toBe(
      '$LATEST version cannot be deleted without deleting the function.',
    );
  });
});

describe('layers', () => {
  test('serve functions in order, and go on doing so when they are deleted', async () => {
    const publish = (LayerName: string, text: string, more: object = {}) =>
      client.send(
        new PublishLayerVersionCommand({
          LayerName,
          Content: { ZipFile: zip({ 'python/shared.py': `NAME = "${text}"\n` }) },
          ...more,
        }),
      );
    const under = await publish('under', 'under', { CompatibleRuntimes: [runtimes.python] });
    const over = await publish('over', 'over');
    expect(under).toMatchObject({ LayerVersionArn: arn('layer:under:1'), Version: 1 });
    const download = await fetch(under.Content?.Location ?? '');
    expect((await download.arrayBuffer()).byteLength).toBe(under.Content?.CodeSize);

    const source = 'import shared\ndef handler(event, context):\n    return shared.NAME\n';
    const Layers = [under.LayerVersionArn ?? '', over.LayerVersionArn ?? ''];
    await createPython(client, 'layered', source, { Layers });
    expect(await answer('layered')).toBe('over');
    await client.send(new DeleteLayerVersionCommand({ LayerName: 'over', VersionNumber: 1 }));
    await client.send(
      new UpdateFunctionConfigurationCommand({ FunctionName: 'layered', Description: 'started anew' }),
    );
    await updated('layered');
    expect(await answer('layered')).toBe('over');

    const fitting = await client.send(new ListLayersCommand({ CompatibleRuntime: runtimes.python }));
    expect(fitting.Layers).toMatchObject([{ LayerName: 'under', LatestMatchingVersion: { Version: 1 } }]);
    await publish('under', 'newer');
    const versions = await client.send(new ListLayerVersionsCommand({ LayerName: 'under' }));
    expect(versions.LayerVersions?.map(({ Version }) => Version)).toEqual([2, 1]);
    const byArn = await client.send(new GetLayerVersionByArnCommand({ Arn: arn('layer:under:2') }));
    expect(byArn).toMatchObject({ Version: 2, LayerArn: arn('layer:under') });

    const two = new UpdateFunctionConfigurationCommand({
      FunctionName: 'layered',
      Layers: [arn('layer:under:1'), arn('layer:under:2')],
    });
    expect((await failure(client.send(two))).message).toBe(
      `Two different versions of the same layer are not allowed to be referenced in the same function. ${arn('layer:under:1')} and ${arn('layer:under:2')} are versions of the same layer.`,
    );
    const zero = new GetLayerVersionCommand({ LayerName: 'under', VersionNumber: 0 });
    expect((await failure(client.send(zero))).message).toBe('Layer Version Cannot be less than 1');
    const none = new GetLayerVersionCommand({ LayerName: 'over', VersionNumber: 1 });
    expect((await failure(client.send(none))).message).toBe('The resource you requested does not exist.');
  });
});
