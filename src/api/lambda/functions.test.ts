import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FunctionsFixture, openFixture, zipOf } from '../../../tests/support/open-functions.ts';
import { loadServiceModel } from '../../aws-protocol/index.ts';
import { createLog } from '../../base/index.ts';
import { openProvisioner } from '../../../tests/support/provisioner.ts';
import { createApi, lambdaOperations, serviceApi } from '../index.ts';

interface Answer {
  readonly status: number;
  readonly error: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

let fixture: FunctionsFixture;
let held: Awaited<ReturnType<typeof openProvisioner>>;
let call: (
  request: string,
  body?: object,
  as?: { account?: string; arn?: string; region?: string; origin?: 'environment'; verified?: boolean },
) => Promise<Answer>;

beforeEach(async () => {
  fixture = await openFixture();
  held = await openProvisioner(fixture);
  call = caller();
});

afterEach(async () => {
  await held.close();
  await fixture.close();
});

function caller(): typeof call {
  const services = { ...fixture.module, ...fixture.settings, provisioner: held.provisioner };
  const model = loadServiceModel('lambda');
  const api = createApi(
    { lambda: serviceApi(model, services, lambdaOperations) },
    { log: createLog('silent') },
  );
  return async (request, body, as = {}) => {
    const [method = '', target = ''] = request.split(' ');
    const [path = '', query = ''] = target.split('?');
    const { account = '000000000000', region = 'us-east-1' } = as;
    const arn = as.arn ?? `arn:aws:iam::${account}:root`;
    const response = await api.handle({
      service: 'lambda',
      method,
      path,
      query,
      headers: {},
      body: Buffer.from(body ? JSON.stringify(body) : ''),
      context: {
        account,
        region,
        requestId: 'r-1',
        caller: { account, arn, userId: account },
        origin: as.origin ?? 'host',
        verified: as.verified ?? false,
        baseUrl: 'http://127.0.0.1:4566',
      },
    });
    const text = Buffer.from(response.body).toString();
    return {
      status: response.status,
      error: response.headers['x-amzn-ErrorType'] ?? response.headers['x-amzn-errortype'],
      body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
    };
  };
}

const FUNCTIONS = '/2015-03-31/functions';
const LAYERS = '/2018-10-31/layers';
const ARN = 'arn:aws:lambda:us-east-1:000000000000:function:hello';
const zip = (text: string): string => Buffer.from(zipOf({ 'app.py': text })).toString('base64');

const definition = (change: object = {}): object => ({
  FunctionName: 'hello',
  Runtime: 'python3.12',
  Handler: 'app.handler',
  Role: 'arn:aws:iam::000000000000:role/r',
  Code: { ZipFile: zip('one') },
  ...change,
});

async function create(change: object = {}): Promise<Answer> {
  const answer = await call(`POST ${FUNCTIONS}`, definition(change));
  await fixture.module.settled();
  return answer;
}

const masked = {
  CodeSha256: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/),
  CodeSize: expect.any(Number),
  LastModified: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/),
  RevisionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
};

describe('CreateFunction', () => {
  test('answers 201 with exactly the members that AWS shows of a new function', async () => {
    const { status, body } = await create();
    expect(status).toBe(201);
    expect(body).toEqual({
      ...masked,
      FunctionName: 'hello',
      FunctionArn: ARN,
      Runtime: 'python3.12',
      Role: 'arn:aws:iam::000000000000:role/r',
      Handler: 'app.handler',
      Description: '',
      Timeout: 3,
      MemorySize: 128,
      Version: '$LATEST',
      TracingConfig: { Mode: 'PassThrough' },
      State: 'Pending',
      StateReason: 'The function is being created.',
      StateReasonCode: 'Creating',
      PackageType: 'Zip',
      Architectures: ['x86_64'],
      EphemeralStorage: { Size: 512 },
      SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
      RuntimeVersionConfig: { RuntimeVersionArn: `arn:aws:lambda:us-east-1::runtime:${'a'.repeat(64)}` },
      LoggingConfig: { LogFormat: 'Text', LogGroup: '/aws/lambda/hello' },
    });
  });

  test('with Publish answers version 1 under the unqualified ARN', async () => {
    const { body } = await create({ Publish: true, Environment: { Variables: {} } });
    expect(body).toMatchObject({ Version: '1', FunctionArn: ARN, Environment: { Variables: {} } });
  });

  test.each<[object, number, string, string]>([
    [{ Code: {} }, 400, 'InvalidParameterValueException', 'Please provide a source for function code.'],
    [{ Handler: undefined }, 400, 'InvalidParameterValueException', 'Runtime and Handler are mandatory'],
    [{ MemorySize: 10_241 }, 400, 'InvalidParameterValueException', "'MemorySize' value failed to satisfy"],
    [{ Timeout: 901 }, 400, 'ValidationException', "Value '901' at 'timeout' failed to satisfy constraint"],
    [
      { Environment: { Variables: { AWS_REGION: 'x' } } },
      400,
      'InvalidParameterValueException',
      'Reserved keys used in this request: AWS_REGION',
    ],
    [
      { Environment: { Variables: { LONG: 'x'.repeat(4_090) } } },
      400,
      'InvalidParameterValueException',
      'exceeded the 4KB limit. String measured: {"LONG":"xxx',
    ],
    [
      { LoggingConfig: { LogFormat: 'Text', SystemLogLevel: 'INFO' } },
      400,
      'InvalidParameterValueException',
      'LogLevel is not supported when LogFormat is set to "Text".',
    ],
    [{ PackageType: 'Image' }, 400, 'InvalidParameterValueException', 'Please provide ImageUri'],
    [
      { VpcConfig: { SubnetIds: ['subnet-1'], SecurityGroupIds: ['sg-1'] } },
      400,
      'InvalidParameterValueException',
      "EC2 Error Code: InvalidSubnetID.NotFound. EC2 Error Message: The subnet ID 'subnet-1' does not exist",
    ],
    [
      { DeadLetterConfig: { TargetArn: 'arn:aws:sqs:us-east-1:000000000000:q' } },
      501,
      'NotImplemented',
      'TargetArn',
    ],
    [{ SnapStart: { ApplyOn: 'PublishedVersions' } }, 501, 'NotImplemented', 'SnapStart.ApplyOn'],
    [
      { Runtime: 'ruby3.4' },
      501,
      'NotImplemented',
      'CreateFunction: Runtime. Hearth does not run .NET and Ruby by itself',
    ],
    [{ Runtime: 'dotnet8' }, 501, 'NotImplemented', 'CreateFunction: Runtime.'],
    [{ Runtime: 'dotnet10' }, 501, 'NotImplemented', 'CreateFunction: Runtime.'],
    [{ Code: { S3Bucket: 'my-bucket', S3Key: 'k' } }, 501, 'NotImplemented', 'CreateFunction: Code.S3Bucket'],
    [
      { Code: { S3Bucket: 'hot-reload', S3Key: '/etc' } },
      400,
      'InvalidParameterValueException',
      "'/etc' is under no folder that Hearth was started with",
    ],
  ])('refuses %j', async (change, status, error, message) => {
    const answer = await create(change);
    expect(answer).toMatchObject({ status, error });
    expect(JSON.stringify(answer.body)).toContain(JSON.stringify(message).slice(1, -1));
    expect((await call(`GET ${FUNCTIONS}/hello`)).status).toBe(404);
  });

  test.each([{ arn: 'arn:aws:sts::000000000000:assumed-role/r/hello' }, { origin: 'environment' as const }])(
    'mounts no folder of the host for a function, told by %j',
    async (as) => {
      const live = definition({ Code: { S3Bucket: 'hot-reload', S3Key: '/' } });
      const { body } = await call(`POST ${FUNCTIONS}`, live, as);
      expect(body['message']).toContain('neither a function nor the session of a role may mount a folder');
    },
  );

  test('takes a role of another account where nobody is verified, and where somebody is, does not', async () => {
    const foreign = definition({ Role: 'arn:aws:iam::999999999999:role/admin' });
    expect((await call(`POST ${FUNCTIONS}`, foreign)).status).toBe(201);
    const verified = { verified: true };
    const refused = await call(`POST ${FUNCTIONS}`, { ...foreign, FunctionName: 'foreign' }, verified);
    expect(refused).toMatchObject({ status: 403, error: 'AccessDeniedException' });
    const own = definition({ FunctionName: 'own' });
    expect((await call(`POST ${FUNCTIONS}`, own, verified)).status).toBe(201);
    const change = { Role: 'arn:aws:iam::999999999999:role/admin' };
    expect((await call(`PUT ${FUNCTIONS}/own/configuration`, change, verified)).status).toBe(403);
  });

  test('takes settings that say nothing new', async () => {
    const { status, body } = await create({
      VpcConfig: { SubnetIds: [], SecurityGroupIds: [] },
      TracingConfig: { Mode: 'PassThrough' },
      DeadLetterConfig: {},
      FileSystemConfigs: [],
      KMSKeyArn: '',
      SnapStart: { ApplyOn: 'None' },
    });
    expect(status).toBe(201);
    expect(body).not.toHaveProperty('DeadLetterConfig');
  });

  test('echoes an empty VpcConfig as a function outside every VPC, and none where none was given', async () => {
    const empty = { SubnetIds: [], SecurityGroupIds: [] };
    const echo = { ...empty, VpcId: '', Ipv6AllowedForDualStack: false };
    expect((await create()).body).not.toHaveProperty('VpcConfig');
    const updated = await call(`PUT ${FUNCTIONS}/hello/configuration`, { VpcConfig: empty });
    expect(updated.body['VpcConfig']).toEqual(echo);
    const described = await call(`GET ${FUNCTIONS}/hello/configuration`);
    expect(described.body['VpcConfig']).toEqual(echo);
  });
});

describe('names', () => {
  test.each(['hello', '000000000000:function:hello', 'function:hello', ARN])(
    '%s names the function',
    async (name) => {
      await create();
      const { body } = await call(`GET ${FUNCTIONS}/${encodeURIComponent(name)}/configuration`);
      expect(body).toMatchObject({ FunctionName: 'hello', FunctionArn: ARN, State: 'Active' });
    },
  );

  test('a qualifier in the name shows in the ARN; two that differ are refused', async () => {
    await create({ Publish: true });
    const { body } = await call(`GET ${FUNCTIONS}/${encodeURIComponent(`${ARN}:1`)}/configuration`);
    expect(body).toMatchObject({ FunctionArn: `${ARN}:1`, Version: '1' });
    const refused = await call(`GET ${FUNCTIONS}/${encodeURIComponent(`${ARN}:$LATEST`)}?Qualifier=1`);
    expect(refused).toMatchObject({
      status: 400,
      body: {
        message: 'The derived qualifier from the function name does not match the specified qualifier.',
      },
    });
  });

  test.each([
    ['hello', `Function not found: ${ARN}`],
    ['hello:7', `Function not found: ${ARN}:7`],
    ['hello:live', `Function not found: ${ARN}:live`],
    [
      'arn:aws:lambda:us-west-2:000000000000:function:hello',
      "Functions from 'us-west-2' are not reachable in this region ('us-east-1')",
    ],
  ])('%s is not found in words of its own', async (name, Message) => {
    const answer = await call(`GET ${FUNCTIONS}/${encodeURIComponent(name)}`);
    expect(answer).toEqual({
      status: 404,
      error: 'ResourceNotFoundException',
      body: { Type: 'User', Message },
    });
  });

  test("another account's function is 403 until its policy allows the call", async () => {
    await create();
    const other = { account: '111111111111' };
    const path = `GET ${FUNCTIONS}/${encodeURIComponent(ARN)}`;
    expect(await call(path, undefined, other)).toMatchObject({ status: 403, error: 'AccessDeniedException' });
    await fixture.settings.policies.add(
      { account: '000000000000', region: 'us-east-1', kind: 'function', name: 'hello', qualifier: '' },
      { sid: 's', action: 'lambda:GetFunction', principal: '111111111111', resourceArn: ARN },
    );
    expect(await call(path, undefined, other)).toMatchObject({
      status: 200,
      body: { Configuration: { FunctionArn: ARN } },
    });
  });
});

describe('GetFunction', () => {
  test('answers configuration, a link to the code, tags where there are any', async () => {
    await create({ Tags: { team: 'a' } });
    const { body } = await call(`GET ${FUNCTIONS}/hello`);
    expect(body).toMatchObject({
      Configuration: { State: 'Active', LastUpdateStatus: 'Successful' },
      Code: { RepositoryType: 'S3', Location: expect.stringMatching(/^http:\/\/127\.0\.0\.1:4566\/_code\//) },
      Tags: { team: 'a' },
    });
    expect(body).not.toHaveProperty('Concurrency');
  });

  test('the link opens the archive for ten minutes, and no forged one does', async () => {
    await create();
    const { body } = await call(`GET ${FUNCTIONS}/hello`);
    const { Location = '' } = body['Code'] as { Location?: string };
    const { pathname, search } = new URL(Location);
    const { downloadLinks } = fixture.module;
    expect(downloadLinks.verify(pathname + search)?.filePath).toMatch(/archive\.zip$/);
    expect(
      downloadLinks.verify((pathname + search).replace(/.$/, (last) => (last === '0' ? '1' : '0'))),
    ).toBe(undefined);
    fixture.clock.advance(600_001);
    expect(downloadLinks.verify(pathname + search)).toBe(undefined);
  });
});

describe('lists', () => {
  test('go on page by page, in order, without states', async () => {
    for (const name of ['a', 'b', 'c']) await create({ FunctionName: name, Publish: true });
    const first = await call(`GET ${FUNCTIONS}?MaxItems=2`);
    expect(first.body['Functions']).toMatchObject([{ FunctionName: 'a' }, { FunctionName: 'b' }]);
    expect(JSON.stringify(first.body)).not.toContain('State');
    const second = await call(`GET ${FUNCTIONS}?MaxItems=2&Marker=${String(first.body['NextMarker'])}`);
    expect(second.body['Functions']).toMatchObject([{ FunctionName: 'c' }]);
    expect(second.body).not.toHaveProperty('NextMarker');
    const all = await call(`GET ${FUNCTIONS}?FunctionVersion=ALL`);
    const arns = (all.body['Functions'] as { FunctionArn: string }[]).map(({ FunctionArn }) =>
      FunctionArn.slice(ARN.length - 'hello'.length),
    );
    expect(arns).toEqual(['a:$LATEST', 'a:1', 'b:$LATEST', 'b:1', 'c:$LATEST', 'c:1']);
    expect(await call(`GET ${FUNCTIONS}?Marker=nonsense`)).toMatchObject({ status: 400 });
  });

  test('hold no replicas of Lambda@Edge functions: ALL regions add none, and one region alone has none', async () => {
    await create();
    const everywhere = await call(`GET ${FUNCTIONS}?MasterRegion=ALL&FunctionVersion=ALL`);
    expect(everywhere.body['Functions']).toMatchObject([{ FunctionName: 'hello' }]);
    const replicas = await call(`GET ${FUNCTIONS}?MasterRegion=us-east-1&FunctionVersion=ALL`);
    expect(replicas.body).toEqual({ Functions: [] });
    expect(await call(`GET ${FUNCTIONS}?MasterRegion=ALL`)).toMatchObject({
      status: 400,
      error: 'InvalidParameterValueException',
    });
  });

  test('show what another region or account has only there', async () => {
    await create();
    const elsewhere = await call(`GET ${FUNCTIONS}`, undefined, { region: 'eu-west-1' });
    expect(elsewhere.body['Functions']).toEqual([]);
  });

  test('of versions begin with $LATEST', async () => {
    await create({ Publish: true });
    const { body } = await call(`GET ${FUNCTIONS}/hello/versions`);
    expect(body['Versions']).toMatchObject([
      { Version: '$LATEST', FunctionArn: `${ARN}:$LATEST` },
      { Version: '1', FunctionArn: `${ARN}:1` },
    ]);
  });
});

describe('updates', () => {
  test('of code with Publish answer the pending version under its qualified ARN', async () => {
    await create();
    const { status, body } = await call(`PUT ${FUNCTIONS}/hello/code`, {
      ZipFile: zip('two'),
      Publish: true,
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ Version: '1', FunctionArn: `${ARN}:1`, State: 'Pending' });
    expect(body).not.toHaveProperty('LastUpdateStatus');
    await fixture.module.settled();
  });

  test('of a zip function by image are refused in the words of AWS', async () => {
    await create();
    const { body } = await call(`PUT ${FUNCTIONS}/hello/code`, { ImageUri: 'x' });
    expect(body).toMatchObject({
      message: "Please don't provide ImageUri when updating a function with packageType Zip.",
    });
  });

  test('of configuration answer InProgress, and the next read Successful', async () => {
    await create();
    const { body } = await call(`PUT ${FUNCTIONS}/hello/configuration`, {
      Timeout: 10,
      LoggingConfig: { LogFormat: 'JSON' },
    });
    expect(body).toMatchObject({
      State: 'Active',
      LastUpdateStatus: 'InProgress',
      LastUpdateStatusReasonCode: 'Creating',
      Timeout: 10,
      LoggingConfig: { ApplicationLogLevel: 'INFO', SystemLogLevel: 'INFO' },
    });
    await fixture.module.settled();
    const after = await call(`PUT ${FUNCTIONS}/hello/configuration`, {
      LoggingConfig: { LogFormat: 'Text' },
    });
    expect(after.body['LoggingConfig']).toEqual({ LogFormat: 'Text', LogGroup: '/aws/lambda/hello' });
    await fixture.module.settled();
  });

  test('of a version or alias are refused', async () => {
    await create({ Publish: true });
    const answer = await call(`PUT ${FUNCTIONS}/hello:1/configuration`, { Timeout: 10 });
    expect(answer.body['message']).toContain('Aliases and versions do not support this operation.');
  });
});

describe('aliases', () => {
  const ALIASES = `${FUNCTIONS}/hello/aliases`;

  test('live: created, read, weighted, unweighted, deleted twice', async () => {
    await create({ Publish: true });
    await call(`PUT ${FUNCTIONS}/hello/code`, { ZipFile: zip('two'), Publish: true });
    await fixture.module.settled();
    const made = await call(`POST ${ALIASES}`, { Name: 'live', FunctionVersion: '1' });
    expect(made).toMatchObject({
      status: 201,
      body: { AliasArn: `${ARN}:live`, FunctionVersion: '1', Description: '' },
    });
    expect(made.body).not.toHaveProperty('RoutingConfig');
    const weighted = await call(`PUT ${ALIASES}/live`, {
      RoutingConfig: { AdditionalVersionWeights: { 2: 0.1 } },
    });
    expect(weighted.body['RoutingConfig']).toEqual({ AdditionalVersionWeights: { 2: 0.1 } });
    expect((await call(`GET ${ALIASES}?FunctionVersion=2`)).body['Aliases']).toMatchObject([
      { Name: 'live' },
    ]);
    const plain = await call(`PUT ${ALIASES}/live`, { RoutingConfig: { AdditionalVersionWeights: {} } });
    expect(plain.body).not.toHaveProperty('RoutingConfig');
    const got = await call(`GET ${FUNCTIONS}/hello?Qualifier=live`);
    expect(got.body['Configuration']).toMatchObject({ FunctionArn: `${ARN}:live`, Version: '1' });
    expect((await call(`DELETE ${ALIASES}/live`)).status).toBe(204);
    expect((await call(`DELETE ${ALIASES}/live`)).status).toBe(204);
    expect((await call(`GET ${ALIASES}/live`)).body['Message']).toBe(`Cannot find alias arn: ${ARN}:live`);
    expect((await call(`PUT ${ALIASES}/live`, {})).body['Message']).toBe(`Alias not found: ${ARN}:live`);
  });

  test.each<[object, number, object]>([
    [{ FunctionVersion: '10' }, 404, { Message: `Function not found: ${ARN}:10` }],
    [
      { RoutingConfig: { AdditionalVersionWeights: { 1: 0.5 } } },
      400,
      {
        message:
          'Invalid function version 1. Function version 1 is already included in routing configuration.',
      },
    ],
    [
      { RoutingConfig: { AdditionalVersionWeights: { 2: 0.5, 3: 0.2 } } },
      400,
      { message: 'Number of items in AdditionalVersionWeights cannot be greater than 1' },
    ],
    [
      { FunctionVersion: '$LATEST', RoutingConfig: { AdditionalVersionWeights: { 1: 0.5 } } },
      400,
      { message: '$LATEST is not supported for an alias pointing to more than 1 version' },
    ],
    [{ Name: '1' }, 400, { message: expect.stringContaining("'name' failed to satisfy constraint") }],
  ])('refuse %j', async (change, status, body) => {
    await create({ Publish: true });
    const answer = await call(`POST ${ALIASES}`, { Name: 'live', FunctionVersion: '1', ...change });
    expect(answer).toMatchObject({ status, body });
  });
});

describe('layers', () => {
  const publish = (change: object = {}): Promise<Answer> =>
    call(`POST ${LAYERS}/shared/versions`, { Content: { ZipFile: zip('shared') }, ...change });

  test('are published, read, listed newest first, filtered and deleted', async () => {
    const made = await publish({ CompatibleRuntimes: ['python3.12'], LicenseInfo: 'MIT' });
    const LayerArn = 'arn:aws:lambda:us-east-1:000000000000:layer:shared';
    expect(made).toMatchObject({
      status: 201,
      body: {
        LayerArn,
        LayerVersionArn: `${LayerArn}:1`,
        Version: 1,
        CompatibleRuntimes: ['python3.12'],
        LicenseInfo: 'MIT',
        Content: {
          CodeSha256: masked.CodeSha256,
          CodeSize: expect.any(Number),
          Location: expect.any(String),
        },
      },
    });
    expect((await publish()).body).not.toHaveProperty('CompatibleRuntimes');
    const versions = await call(`GET ${LAYERS}/shared/versions`);
    expect(versions.body['LayerVersions']).toMatchObject([{ Version: 2 }, { Version: 1 }]);
    const fitting = await call(`GET ${LAYERS}?CompatibleRuntime=python3.12`);
    expect(fitting.body['Layers']).toMatchObject([
      { LayerName: 'shared', LatestMatchingVersion: { Version: 1 } },
    ]);
    const byArn = `GET ${LAYERS}?find=LayerVersion&Arn=${encodeURIComponent(`${LayerArn}:1`)}`;
    expect((await call(byArn)).body).toMatchObject({ Version: 1 });
    expect((await call(`DELETE ${LAYERS}/shared/versions/1`)).status).toBe(204);
    expect((await call(`DELETE ${LAYERS}/shared/versions/1`)).status).toBe(204);
    expect(await call(byArn)).toMatchObject({
      status: 404,
      body: { Message: 'The resource you requested does not exist.' },
    });
    expect((await call(`GET ${LAYERS}/shared/versions/0`)).body).toMatchObject({
      message: 'Layer Version Cannot be less than 1',
    });
  });

  test('take their content as a zip and from nowhere else', async () => {
    const Content = { ZipFile: zip('one'), S3Key: 'k' };
    const refused = await call(`POST ${LAYERS}/lib/versions`, { Content });
    expect(refused).toMatchObject({ status: 501, error: 'NotImplemented' });
    expect(refused.body['message']).toContain('PublishLayerVersion: Content.S3Key');
    expect((await call(`GET ${LAYERS}/lib/versions`)).body['LayerVersions']).toEqual([]);
  });

  test('name runtimes that there are, or were', async () => {
    expect((await publish({ CompatibleRuntimes: ['nodejs12.x'] })).status).toBe(201);
    const unknown = await publish({ CompatibleRuntimes: ['python3.12', 'cobol'] });
    expect(unknown).toMatchObject({ status: 400, error: 'ValidationException' });
    expect(unknown.body['message']).toContain("Value '[python3.12, cobol]' at 'compatibleRuntimes' failed");
    const filter = await call(`GET ${LAYERS}?CompatibleRuntime=cobol`);
    expect(filter.body['message']).toContain("Value 'cobol' at 'compatibleRuntime' failed");
  });

  test('of functions are echoed with their sizes, replaced and removed', async () => {
    await publish();
    const Arn = 'arn:aws:lambda:us-east-1:000000000000:layer:shared:1';
    expect((await create({ Layers: [Arn] })).body['Layers']).toEqual([{ Arn, CodeSize: expect.any(Number) }]);
    const { body } = await call(`PUT ${FUNCTIONS}/hello/configuration`, { Layers: [] });
    expect(body).not.toHaveProperty('Layers');
    await fixture.module.settled();
  });
});

describe('DeleteFunction', () => {
  test('answers 204 once, then 404', async () => {
    await create();
    expect((await call(`DELETE ${FUNCTIONS}/hello`)).status).toBe(204);
    expect(await call(`DELETE ${FUNCTIONS}/hello`)).toMatchObject({ status: 404, body: { Type: 'User' } });
  });
});
