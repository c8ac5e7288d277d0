import {
  AddLayerVersionPermissionCommand,
  AddPermissionCommand,
  CreateAliasCommand,
  CreateFunctionCommand,
  DeleteAliasCommand,
  DeleteFunctionCommand,
  DeleteFunctionConcurrencyCommand,
  DeleteFunctionEventInvokeConfigCommand,
  DeleteResourcePolicyCommand,
  GetAccountSettingsCommand,
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  GetFunctionEventInvokeConfigCommand,
  GetFunctionRecursionConfigCommand,
  GetLayerVersionCommand,
  GetLayerVersionPolicyCommand,
  GetPolicyCommand,
  GetResourcePolicyCommand,
  GetRuntimeManagementConfigCommand,
  LambdaClient,
  ListFunctionEventInvokeConfigsCommand,
  ListTagsCommand,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  PutFunctionRecursionConfigCommand,
  PutResourcePolicyCommand,
  PutRuntimeManagementConfigCommand,
  paginateListFunctionEventInvokeConfigs,
  RemoveLayerVersionPermissionCommand,
  RemovePermissionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateFunctionEventInvokeConfigCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inProcess } from '../../../tests/support/in-process-client.ts';
import { type FunctionsFixture, openFixture, zipOf } from '../../../tests/support/open-functions.ts';
import { openProvisioner } from '../../../tests/support/provisioner.ts';
import { loadServiceModel } from '../../aws-protocol/index.ts';
import { createLog } from '../../base/index.ts';
import { type Api, createApi, lambdaOperations, serviceApi } from '../index.ts';

let fixture: FunctionsFixture;
let held: Awaited<ReturnType<typeof openProvisioner>>;
let api: Api;
let lambda: LambdaClient;
let guest: LambdaClient;
let made = 0;

beforeAll(async () => {
  fixture = await openFixture();
  held = await openProvisioner(fixture);
  const services = { ...fixture.module, ...fixture.settings, provisioner: held.provisioner };
  const served = serviceApi(loadServiceModel('lambda'), services, lambdaOperations);
  api = createApi({ lambda: served }, { log: createLog('silent') });
  lambda = new LambdaClient(inProcess(api, 'lambda'));
  guest = new LambdaClient(inProcess(api, 'lambda', { account: '111111111111' }));
});
afterAll(async () => {
  await held.close();
  await fixture.close();
});

const zip = zipOf({ 'app.py': 'x' });
const arnOf = (name: string) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

async function newFunction(client = lambda): Promise<string> {
  made += 1;
  const FunctionName = `fn-${made}`;
  const Role = 'arn:aws:iam::000000000000:role/r';
  const input = { FunctionName, Runtime: 'python3.12', Handler: 'app.handler', Role } as const;
  await client.send(new CreateFunctionCommand({ ...input, Code: { ZipFile: zip } }));
  await fixture.module.settled();
  return FunctionName;
}

async function newAlias(Name: string): Promise<string> {
  const FunctionName = await newFunction();
  await lambda.send(new PublishVersionCommand({ FunctionName }));
  await lambda.send(new CreateAliasCommand({ FunctionName, Name, FunctionVersion: '1' }));
  return FunctionName;
}

const notFound = (message: string) => ({ name: 'ResourceNotFoundException', message });
const invalid = (message: string) => ({ name: 'InvalidParameterValueException', message });

describe('permissions', () => {
  const s3 = { StatementId: 's3', Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com' };

  test('are added, read and removed; the last takes the policy with it', async () => {
    const FunctionName = await newFunction();
    const { Statement } = await lambda.send(
      new AddPermissionCommand({ FunctionName, ...s3, SourceArn: 'arn:aws:s3:::bucket' }),
    );
    const { Policy, RevisionId } = await lambda.send(new GetPolicyCommand({ FunctionName }));
    expect(Policy).toBe(`{"Version":"2012-10-17","Id":"default","Statement":[${Statement}]}`);
    expect(RevisionId).toMatch(/^[0-9a-f-]{36}$/);
    await lambda.send(new RemovePermissionCommand({ FunctionName, StatementId: 's3', RevisionId }));
    await expect(lambda.send(new GetPolicyCommand({ FunctionName }))).rejects.toMatchObject(
      notFound('The resource you requested does not exist.'),
    );
  });

  test('of an alias are a policy of their own, which goes with the alias', async () => {
    const FunctionName = await newAlias('live');
    const live = { FunctionName, Qualifier: 'live' };
    const { Statement } = await lambda.send(new AddPermissionCommand({ ...live, ...s3 }));
    expect(JSON.parse(Statement ?? '')).toMatchObject({ Resource: `${arnOf(FunctionName)}:live` });
    await expect(lambda.send(new GetPolicyCommand({ FunctionName }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await lambda.send(new DeleteAliasCommand({ FunctionName, Name: 'live' }));
    await lambda.send(new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '1' }));
    await expect(lambda.send(new GetPolicyCommand(live))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('say what is missing, each operation in its own words', async () => {
    const FunctionName = await newFunction();
    const add = (input: object) => lambda.send(new AddPermissionCommand({ FunctionName, ...s3, ...input }));
    const remove = (input: object) =>
      lambda.send(new RemovePermissionCommand({ FunctionName, StatementId: 'x', ...input }));
    await expect(add({ FunctionName: 'none' })).rejects.toMatchObject(
      notFound(`Function not found: ${arnOf('none')}`),
    );
    await expect(add({ Qualifier: '42' })).rejects.toMatchObject(
      notFound(`Function not found: ${arnOf(FunctionName)}:42`),
    );
    await expect(add({ Qualifier: 'gone' })).rejects.toMatchObject(
      notFound(`Cannot find alias arn: ${arnOf(FunctionName)}:gone`),
    );
    await expect(add({ Qualifier: '$LATEST' })).rejects.toMatchObject(
      invalid('We currently do not support adding policies for $LATEST.'),
    );
    await expect(remove({ FunctionName: 'none' })).rejects.toMatchObject(
      notFound(`No policy found for: ${arnOf('none')}`),
    );
    await expect(remove({})).rejects.toMatchObject(
      notFound('No policy is associated with the given resource.'),
    );
    await add({});
    await expect(remove({})).rejects.toMatchObject(notFound('Statement x is not found in resource policy.'));
    await expect(add({})).rejects.toMatchObject({ name: 'ResourceConflictException' });
    await expect(add({ StatementId: 'url', FunctionUrlAuthType: 'NONE' })).rejects.toMatchObject(
      invalid('FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action'),
    );
    await expect(add({ StatementId: 'new', RevisionId: 'stale' })).rejects.toMatchObject({
      name: 'PreconditionFailedException',
    });
  });

  test('let another account read the function, and change nothing', async () => {
    const FunctionName = arnOf(await newFunction());
    const read = () => guest.send(new GetFunctionCommand({ FunctionName }));
    await expect(read()).rejects.toMatchObject({
      name: 'AccessDeniedException',
      $metadata: { httpStatusCode: 403 },
    });
    const permission = { StatementId: 'g', Action: 'lambda:GetFunction', Principal: '111111111111' };
    await lambda.send(new AddPermissionCommand({ FunctionName, ...permission }));
    expect((await read()).Configuration?.FunctionArn).toBe(FunctionName);
    await expect(guest.send(new DeleteFunctionCommand({ FunctionName }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });
});

describe('resource policies', () => {
  const deny = JSON.stringify({
    Version: '2012-10-17',
    Statement: { Sid: 'd', Effect: 'Deny', Principal: '*', Action: 'lambda:*', Resource: '*' },
  });

  test('replace what was there, are answered as given, and go', async () => {
    const FunctionName = await newFunction();
    const ResourceArn = arnOf(FunctionName);
    const put = await lambda.send(new PutResourcePolicyCommand({ ResourceArn, Policy: deny }));
    expect(put.Policy).toBe(deny);
    expect(await lambda.send(new GetResourcePolicyCommand({ ResourceArn }))).toMatchObject({
      Policy: deny,
      RevisionId: put.RevisionId,
    });
    expect((await lambda.send(new GetPolicyCommand({ FunctionName }))).Policy).toBe(deny);
    const stale = { ResourceArn, RevisionId: 'stale' };
    await expect(lambda.send(new DeleteResourcePolicyCommand(stale))).rejects.toMatchObject({
      name: 'PreconditionFailedException',
    });
    await lambda.send(new DeleteResourcePolicyCommand({ ResourceArn }));
    await expect(lambda.send(new DeleteResourcePolicyCommand({ ResourceArn }))).rejects.toMatchObject(
      notFound('The resource you requested does not exist.'),
    );
  });

  test.each([
    ['no policy', '{}', 'InvalidParameterValueException'],
    ['longer than 20 KB', `{"Id":"${'x'.repeat(20_480)}"}`, 'ValidationException'],
  ])('that are %s are refused', async (_, Policy, name) => {
    const ResourceArn = arnOf(await newFunction());
    await expect(lambda.send(new PutResourcePolicyCommand({ ResourceArn, Policy }))).rejects.toMatchObject({
      name,
    });
  });

  test('are not for functions that are not there, nor for bare names', async () => {
    const put = (ResourceArn: string) =>
      lambda.send(new PutResourcePolicyCommand({ ResourceArn, Policy: deny }));
    await expect(put(arnOf('none'))).rejects.toMatchObject(notFound(`Function not found: ${arnOf('none')}`));
    await expect(put('none')).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(put(`${arnOf('none')}:$LATEST`)).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
    });
  });
});

describe('layer permissions', () => {
  test('let another account use the layer version until they are removed', async () => {
    const LayerName = 'shared';
    const layer = await lambda.send(new PublishLayerVersionCommand({ LayerName, Content: { ZipFile: zip } }));
    const version = { LayerName, VersionNumber: layer.Version };
    const useIt = async () => {
      const FunctionName = await newFunction(guest);
      await guest.send(new DeleteFunctionCommand({ FunctionName }));
      return guest.send(new GetLayerVersionCommand({ ...version, LayerName: layer.LayerArn }));
    };
    await expect(useIt()).rejects.toMatchObject({ name: 'AccessDeniedException' });
    const { Statement, RevisionId } = await lambda.send(
      new AddLayerVersionPermissionCommand({
        ...version,
        StatementId: 's1',
        Action: 'lambda:GetLayerVersion',
        Principal: '*',
      }),
    );
    expect(Statement).toBe(
      `{"Sid":"s1","Effect":"Allow","Principal":"*","Action":"lambda:GetLayerVersion","Resource":"${layer.LayerVersionArn}"}`,
    );
    expect((await useIt()).Version).toBe(layer.Version);
    expect(await lambda.send(new GetLayerVersionPolicyCommand(version))).toMatchObject({ RevisionId });
    await lambda.send(new RemoveLayerVersionPermissionCommand({ ...version, StatementId: 's1' }));
    await expect(useIt()).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await expect(lambda.send(new GetLayerVersionPolicyCommand(version))).rejects.toMatchObject(
      notFound('No policy is associated with the given resource.'),
    );
  });

  test('are for layer versions that are there, and for reading alone', async () => {
    const version = { LayerName: 'none', VersionNumber: 9, StatementId: 's1', Principal: '*' };
    const add = (Action: string) => lambda.send(new AddLayerVersionPermissionCommand({ ...version, Action }));
    await expect(add('lambda:GetLayerVersion')).rejects.toMatchObject(
      notFound('Layer version arn:aws:lambda:us-east-1:000000000000:layer:none:9 does not exist.'),
    );
    await expect(add('lambda:*')).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe('reserved concurrency', () => {
  const put = (FunctionName: string, ReservedConcurrentExecutions: number) =>
    lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions }));

  test('is seen by the lookup at once, by GetFunction and by the account, and goes', async () => {
    const FunctionName = await newFunction();
    const address = { account: '000000000000', region: 'us-east-1', name: FunctionName };
    const { lookup } = fixture.module;
    expect((await lookup.resolve(address)).reservedConcurrency).toBeUndefined();
    await put(FunctionName, 7);
    expect((await lookup.resolve(address)).reservedConcurrency).toBe(7);
    expect(await lookup.reservedTotal(address)).toBe(7);
    const { Concurrency } = await lambda.send(new GetFunctionCommand({ FunctionName }));
    expect(Concurrency).toEqual({ ReservedConcurrentExecutions: 7 });
    const { AccountLimit } = await lambda.send(new GetAccountSettingsCommand({}));
    expect(AccountLimit?.UnreservedConcurrentExecutions).toBe(993);
    await lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName }));
    expect((await lookup.resolve(address)).reservedConcurrency).toBeUndefined();
    const { ReservedConcurrentExecutions } = await lambda.send(
      new GetFunctionConcurrencyCommand({ FunctionName }),
    );
    expect(ReservedConcurrentExecutions).toBeUndefined();
  });

  test('of zero is a reservation; one that leaves others less than 100 is refused', async () => {
    const [first, second] = [await newFunction(), await newFunction()];
    await put(first, 0);
    expect(await lambda.send(new GetFunctionConcurrencyCommand({ FunctionName: first }))).toMatchObject({
      ReservedConcurrentExecutions: 0,
    });
    await put(first, 800);
    await expect(put(second, 101)).rejects.toMatchObject(
      invalid(
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
      ),
    );
    await put(second, 100);
    await put(first, 700);
    await lambda.send(new DeleteFunctionCommand({ FunctionName: first }));
    await put(second, 900);
    await lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName: second }));
  });

  test('is for functions that are there, not for versions or aliases', async () => {
    await expect(put('none', 1)).rejects.toMatchObject(
      notFound(`Function not found: ${arnOf('none')}:$LATEST`),
    );
    await expect(
      lambda.send(new GetFunctionConcurrencyCommand({ FunctionName: 'none' })),
    ).rejects.toMatchObject(notFound(`Function not found: ${arnOf('none')}`));
    await expect(put('fn:1', 1)).rejects.toMatchObject(
      invalid(
        'This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.',
      ),
    );
  });
});

test('account settings count functions and code', async () => {
  const before = (await lambda.send(new GetAccountSettingsCommand({}))).AccountUsage;
  await newFunction();
  const { AccountLimit, AccountUsage } = await lambda.send(new GetAccountSettingsCommand({}));
  expect(AccountLimit).toMatchObject({ CodeSizeUnzipped: 262_144_000, CodeSizeZipped: 52_428_800 });
  expect(AccountUsage?.FunctionCount).toBe((before?.FunctionCount ?? 0) + 1);
  expect(AccountUsage?.TotalCodeSize).toBe((before?.TotalCodeSize ?? 0) + zip.length);
});

describe('tags', () => {
  test('are added, replaced and removed, each time with a new revision of the function', async () => {
    const FunctionName = await newFunction();
    const Resource = arnOf(FunctionName);
    const revision = async () =>
      (await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }))).RevisionId;
    const revisions = [await revision()];
    await lambda.send(new TagResourceCommand({ Resource, Tags: { a: '1', b: '2' } }));
    revisions.push(await revision());
    await lambda.send(new TagResourceCommand({ Resource, Tags: { b: '3' } }));
    await lambda.send(new UntagResourceCommand({ Resource, TagKeys: ['a', 'none', '\0'] }));
    revisions.push(await revision());
    expect((await lambda.send(new ListTagsCommand({ Resource }))).Tags).toEqual({ b: '3' });
    expect((await lambda.send(new GetFunctionCommand({ FunctionName }))).Tags).toEqual({ b: '3' });
    expect(new Set(revisions).size).toBe(3);
  });

  test('are fifty at most, and none of AWS', async () => {
    const Resource = arnOf(await newFunction());
    const tag = (Tags: Record<string, string>) => lambda.send(new TagResourceCommand({ Resource, Tags }));
    const fifty = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, 'v']));
    await tag(fifty);
    await tag({ k0: 'again' });
    await expect(tag({ one: 'more' })).rejects.toMatchObject(
      invalid('Number of tags exceeds resource tag limit.'),
    );
    await expect(tag({ 'aws:x': 'v' })).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
    await expect(tag({ '\0': 'v' })).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
    await expect(tag({})).rejects.toMatchObject(
      invalid('An error occurred and the request cannot be processed.'),
    );
  });

  test.each([
    [
      `${arnOf('fn')}:live`,
      invalid('Tags on function aliases and versions are not supported. Please specify a function ARN.'),
    ],
    [arnOf('none'), notFound(`Function not found: ${arnOf('none')}`)],
    [
      'arn:aws:lambda:us-east-1:000000000000:event-source-mapping:00000000-0000-4000-8000-000000000000',
      notFound(
        'Event source mapping not found: arn:aws:lambda:us-east-1:000000000000:event-source-mapping:00000000-0000-4000-8000-000000000000',
      ),
    ],
    ['fn', { name: 'ValidationException' }],
  ])('of %s are refused', async (Resource, error) => {
    await expect(lambda.send(new TagResourceCommand({ Resource, Tags: { a: '1' } }))).rejects.toMatchObject(
      error,
    );
    await expect(lambda.send(new ListTagsCommand({ Resource }))).rejects.toMatchObject(error);
  });
});

describe('runtime management', () => {
  test('is automatic until it is told otherwise; Manual takes the version that is there, and no other', async () => {
    const FunctionName = await newFunction();
    const FunctionArn = `${arnOf(FunctionName)}:$LATEST`;
    const get = () => lambda.send(new GetRuntimeManagementConfigCommand({ FunctionName }));
    const put = (input: {
      UpdateRuntimeOn: 'Auto' | 'FunctionUpdate' | 'Manual';
      RuntimeVersionArn?: string;
    }) => lambda.send(new PutRuntimeManagementConfigCommand({ FunctionName, ...input }));
    expect(await get()).toMatchObject({ UpdateRuntimeOn: 'Auto', FunctionArn });
    const { RuntimeVersionConfig } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    const present = RuntimeVersionConfig?.RuntimeVersionArn ?? '';
    await expect(put({ UpdateRuntimeOn: 'Manual' })).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
    });
    const RuntimeVersionArn = `arn:aws:lambda:us-east-1::runtime:${'b'.repeat(64)}`;
    await expect(put({ UpdateRuntimeOn: 'Manual', RuntimeVersionArn })).rejects.toMatchObject(
      invalid(`The runtime version ${RuntimeVersionArn} is not available. This function runs on ${present}.`),
    );
    await put({ UpdateRuntimeOn: 'Manual', RuntimeVersionArn: present });
    expect(await get()).toMatchObject({ UpdateRuntimeOn: 'Manual', RuntimeVersionArn: present });
    await put({ UpdateRuntimeOn: 'FunctionUpdate' });
    expect((await get()).RuntimeVersionArn).toBeUndefined();
  });

  test('is of a version, not of an alias', async () => {
    const FunctionName = await newAlias('live');
    const get = (Qualifier: string) =>
      lambda.send(new GetRuntimeManagementConfigCommand({ FunctionName, Qualifier }));
    expect((await get('1')).FunctionArn).toBe(`${arnOf(FunctionName)}:1`);
    await expect(get('live')).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
    await expect(get('2')).rejects.toMatchObject(notFound(`Function not found: ${arnOf(FunctionName)}:2`));
  });
});

test('a recursion configuration is kept, Terminate unless told otherwise', async () => {
  const FunctionName = await newFunction();
  const get = () => lambda.send(new GetFunctionRecursionConfigCommand({ FunctionName }));
  const put = (RecursiveLoop: 'Allow', name = FunctionName) =>
    lambda.send(new PutFunctionRecursionConfigCommand({ FunctionName: name, RecursiveLoop }));
  expect((await get()).RecursiveLoop).toBe('Terminate');
  await put('Allow');
  expect((await get()).RecursiveLoop).toBe('Allow');
  await expect(put('Allow', 'none')).rejects.toMatchObject(notFound(`Function not found: ${arnOf('none')}`));
});

describe('event invoke configurations', () => {
  const queue = 'arn:aws:sqs:us-east-1:000000000000:q';
  const put = (input: object) =>
    lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: 'x', ...input }));

  test('are replaced by Put and changed by Update', async () => {
    const FunctionName = await newFunction();
    const empty = { OnSuccess: {}, OnFailure: {} };
    const first = await put({ FunctionName, MaximumRetryAttempts: 0 });
    expect(first).toMatchObject({
      FunctionArn: `${arnOf(FunctionName)}:$LATEST`,
      MaximumRetryAttempts: 0,
      DestinationConfig: empty,
      LastModified: new Date(fixture.clock.nowMs()),
    });
    expect(first.MaximumEventAgeInSeconds).toBeUndefined();
    const change = { FunctionName, DestinationConfig: { OnFailure: { Destination: queue } } };
    const updated = await lambda.send(new UpdateFunctionEventInvokeConfigCommand(change));
    expect(updated).toMatchObject({
      MaximumRetryAttempts: 0,
      DestinationConfig: { OnSuccess: {}, OnFailure: { Destination: queue } },
    });
    await put({ FunctionName, MaximumEventAgeInSeconds: 60 });
    const found = await lambda.send(new GetFunctionEventInvokeConfigCommand({ FunctionName }));
    expect(found).toMatchObject({ MaximumEventAgeInSeconds: 60, DestinationConfig: empty });
    expect(found.MaximumRetryAttempts).toBeUndefined();
    await lambda.send(new DeleteFunctionEventInvokeConfigCommand({ FunctionName }));
    const none = notFound(`The function ${arnOf(FunctionName)}:$LATEST doesn't have an EventInvokeConfig`);
    await expect(
      lambda.send(new DeleteFunctionEventInvokeConfigCommand({ FunctionName })),
    ).rejects.toMatchObject(none);
    await expect(lambda.send(new UpdateFunctionEventInvokeConfigCommand(change))).rejects.toMatchObject(none);
  });

  test('are of each qualifier on its own, and listed page by page', async () => {
    const FunctionName = await newAlias('live');
    for (const Qualifier of ['$LATEST', '1', 'live'])
      await put({ FunctionName, Qualifier, MaximumRetryAttempts: 1 });
    const arns: (string | undefined)[] = [];
    const pages = paginateListFunctionEventInvokeConfigs({ client: lambda, pageSize: 2 }, { FunctionName });
    for await (const page of pages) {
      arns.push(...(page.FunctionEventInvokeConfigs ?? []).map((config) => config.FunctionArn));
    }
    const Marker = Buffer.from('"\\u0000"').toString('base64url');
    await expect(
      lambda.send(new ListFunctionEventInvokeConfigsCommand({ FunctionName, Marker })),
    ).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
    expect(arns).toEqual(['$LATEST', '1', 'live'].map((qualifier) => `${arnOf(FunctionName)}:${qualifier}`));
  });

  test('are refused where nothing is set, or the function is not there', async () => {
    const FunctionName = await newFunction();
    await expect(put({ FunctionName })).rejects.toMatchObject(
      invalid('You must specify at least one of error handling or destination setting.'),
    );
    await expect(put({ FunctionName: 'none', MaximumRetryAttempts: 1 })).rejects.toMatchObject(
      notFound("The function doesn't exist."),
    );
    await expect(put({ FunctionName, Qualifier: 'gone', MaximumRetryAttempts: 1 })).rejects.toMatchObject(
      notFound("The function doesn't exist."),
    );
    await expect(put({ FunctionName, MaximumRetryAttempts: 3 })).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });

  test('take destinations of the kinds that AWS has, and no others', async () => {
    const FunctionName = await newFunction();
    const other = arnOf(await newFunction());
    const bucket = 'arn:aws:s3:::bucket';
    const success = (Destination: string) =>
      put({ FunctionName, DestinationConfig: { OnSuccess: { Destination } } });
    for (const arn of [queue, 'arn:aws:sns:us-east-1:000000000000:t', other]) await success(arn);
    await success('arn:aws:events:us-east-1:000000000000:event-bus/default');
    await put({ FunctionName, DestinationConfig: { OnFailure: { Destination: bucket } } });
    for (const arn of [bucket, `${queue}.fifo`, 'arn:aws:ec2:us-east-1:000000000000:x', `${queue}\0`]) {
      await expect(success(arn)).rejects.toMatchObject(
        invalid(
          `The provided destination config DestinationConfig(onSuccess=OnSuccess(destination=${arn}), onFailure=null) is invalid.`,
        ),
      );
    }
    await expect(success(arnOf('none'))).rejects.toMatchObject(
      invalid(`The destination ARN ${arnOf('none')} is invalid.`),
    );
    await expect(success(arnOf(FunctionName))).rejects.toMatchObject(
      invalid("You can't specify the function as a destination for itself."),
    );
  });
});
