import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AddPermissionCommand,
  GetResourcePolicyCommand,
  InvokeCommand,
  type LambdaClient,
  PutFunctionConcurrencyCommand,
  PutResourcePolicyCommand,
  RemovePermissionCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPython, lambdaClient } from '../support/functions.ts';
import { type RunningHearth, startHearth } from '../support/hearth.ts';
import { awsEnv, needs, programs, run } from '../support/programs.ts';

const guestAccount = '111111111111';
const source = 'def handler(event, context):\n    return context.invoked_function_arn\n';

let hearth: RunningHearth;
let owner: LambdaClient;
let guest: LambdaClient;

beforeAll(async () => {
  hearth = await startHearth();
  owner = lambdaClient(hearth.endpoint);
  guest = lambdaClient(hearth.endpoint, guestAccount);
});
afterAll(() => hearth?.dispose());

async function invoke(client: LambdaClient, FunctionName: string): Promise<string> {
  const { Payload } = await client.send(new InvokeCommand({ FunctionName }));
  return Buffer.from(Payload ?? []).toString();
}

describe('another account', () => {
  test('runs a function only while its policy lets it', async () => {
    const FunctionName = await createPython(owner, 'shared', source);
    const reason = `no resource-based policy allows lambda:InvokeFunction on ${FunctionName}`;
    const denied = {
      name: 'AccessDeniedException',
      $metadata: { httpStatusCode: 403 },
      $response: { headers: { 'x-hearth-reason': reason } },
    };
    await expect(invoke(guest, FunctionName)).rejects.toMatchObject(denied);
    const permission = { StatementId: 'guest', Action: 'lambda:InvokeFunction', Principal: guestAccount };
    await owner.send(new AddPermissionCommand({ FunctionName, ...permission }));
    expect(await invoke(guest, FunctionName)).toBe(`"${FunctionName}"`);
    await owner.send(new RemovePermissionCommand({ FunctionName, StatementId: 'guest' }));
    await expect(invoke(guest, FunctionName)).rejects.toMatchObject(denied);
  });

  test('is kept out by a deny beside the allow', async () => {
    const ResourceArn = await createPython(owner, 'denied', source);
    const common = { Principal: { AWS: guestAccount }, Action: 'lambda:InvokeFunction' };
    const allow = { ...common, Effect: 'Allow', Resource: ResourceArn };
    const put = async (...statements: readonly object[]) => {
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement: statements });
      await owner.send(new PutResourcePolicyCommand({ ResourceArn, Policy }));
      return Policy;
    };
    await put(allow);
    expect(await invoke(guest, ResourceArn)).toBe(`"${ResourceArn}"`);
    const policy = await put(allow, { ...common, Effect: 'Deny', Resource: '*' });
    await expect(invoke(guest, ResourceArn)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect((await owner.send(new GetResourcePolicyCommand({ ResourceArn }))).Policy).toBe(policy);
    expect(await invoke(owner, ResourceArn)).toBe(`"${ResourceArn}"`);
  });

  test('has a function of the same name to itself', async () => {
    await createPython(owner, 'twin', 'def handler(event, context):\n    return "owner"\n');
    await createPython(guest, 'twin', 'def handler(event, context):\n    return "guest"\n');
    expect([await invoke(owner, 'twin'), await invoke(guest, 'twin')]).toEqual(['"owner"', '"guest"']);
  });
});

test('a reservation of zero turns invocations away until it is raised', async () => {
  const FunctionName = await createPython(owner, 'off', source);
  const reserve = (ReservedConcurrentExecutions: number) =>
    owner.send(new PutFunctionConcurrencyCommand({ FunctionName: 'off', ReservedConcurrentExecutions }));
  await invoke(owner, FunctionName);
  await reserve(0);
  await expect(invoke(owner, FunctionName)).rejects.toMatchObject({
    name: 'TooManyRequestsException',
    Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
  });
  await reserve(1);
  await invoke(owner, FunctionName);
});

describe('the AWS CLI', () => {
  const test = needs(programs.awsCli, 'the AWS CLI');

  async function cli(...args: string[]): Promise<{ answer: unknown; stderr: string }> {
    const command = [programs.awsCli ?? '', '--endpoint-url', hearth.endpoint, '--output', 'json', ...args];
    const { stdout, stderr } = await run(command, { env: awsEnv(hearth.endpoint) });
    return { answer: stdout.trim() === '' ? undefined : JSON.parse(stdout), stderr };
  }

  test('adds, reads and removes permissions, and shows the errors of AWS', async () => {
    const arn = await createPython(owner, 'by-cli', source);
    const named = ['--function-name', 'by-cli'];
    const permission = [...named, '--statement-id', 's3', '--action', 'lambda:InvokeFunction'];
    const add = [...permission, '--principal', 's3.amazonaws.com', '--source-arn', 'arn:aws:s3:::b'];
    const { answer } = await cli('lambda', 'add-permission', ...add);
    const statement = (answer as { Statement: string }).Statement;
    expect(statement).toBe(
      `{"Sid":"s3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"${arn}","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::b"}}}`,
    );
    expect((await cli('lambda', 'add-permission', ...add)).stderr).toContain(
      '(ResourceConflictException) when calling the AddPermission operation: The statement id (s3) provided already exists.',
    );
    expect((await cli('lambda', 'get-policy', ...named)).answer).toMatchObject({
      Policy: `{"Version":"2012-10-17","Id":"default","Statement":[${statement}]}`,
    });
    expect((await cli('lambda', 'remove-permission', ...named, '--statement-id', 's3')).stderr).toBe('');
    expect((await cli('lambda', 'get-policy', ...named)).stderr).toContain(
      '(ResourceNotFoundException) when calling the GetPolicy operation: The resource you requested does not exist.',
    );
  });

  test('puts and reads an event invoke configuration and the runtime management', async () => {
    const arn = await createPython(owner, 'options', source);
    const named = ['--function-name', 'options'];
    const put = await cli(
      'lambda',
      'put-function-event-invoke-config',
      ...named,
      '--maximum-retry-attempts',
      '0',
    );
    expect(put.answer).toMatchObject({
      FunctionArn: `${arn}:$LATEST`,
      MaximumRetryAttempts: 0,
      DestinationConfig: { OnSuccess: {}, OnFailure: {} },
    });
    const mode = ['--update-runtime-on', 'FunctionUpdate'];
    await cli('lambda', 'put-runtime-management-config', ...named, ...mode);
    const { answer } = await cli('lambda', 'get-runtime-management-config', ...named);
    expect(answer).toMatchObject({ UpdateRuntimeOn: 'FunctionUpdate' });
  });
});

describe('boto3', () => {
  const test = needs(programs.python, 'Python with boto3');
  const folder = mkdtempSync(join(tmpdir(), 'hearth-boto-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const script = `
import json, sys, boto3
out, iam, sts = {}, boto3.client('iam'), boto3.client('sts')
trust = {'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Principal': {'Service': 'lambda.amazonaws.com'}, 'Action': 'sts:AssumeRole'}]}
read = {'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': 's3:GetObject', 'Resource': '*'}]}
role = iam.create_role(RoleName='worker', Path='/app/', AssumeRolePolicyDocument=json.dumps(trust), Tags=[{'Key': 'a', 'Value': '1'}])['Role']
iam.get_waiter('role_exists').wait(RoleName='worker')
out['trust'] = iam.get_role(RoleName='worker')['Role']['AssumeRolePolicyDocument'] == trust
iam.put_role_policy(RoleName='worker', PolicyName='inline', PolicyDocument=json.dumps(read))
out['inline'] = iam.get_role_policy(RoleName='worker', PolicyName='inline')['PolicyDocument'] == read
policy = iam.create_policy(PolicyName='managed', PolicyDocument=json.dumps(read))['Policy']
iam.get_waiter('policy_exists').wait(PolicyArn=policy['Arn'])
out['document'] = iam.get_policy_version(PolicyArn=policy['Arn'], VersionId='v1')['PolicyVersion']['Document'] == read
basic = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole'
for arn in (policy['Arn'], basic):
    iam.attach_role_policy(RoleName='worker', PolicyArn=arn)
pages = iam.get_paginator('list_attached_role_policies').paginate(RoleName='worker', PaginationConfig={'PageSize': 1})
out['attached'] = sorted(p['PolicyName'] for page in pages for p in page['AttachedPolicies'])
try:
    iam.delete_role(RoleName='worker')
except iam.exceptions.DeleteConflictException as error:
    out['conflict'] = str(error)
try:
    iam.get_role(RoleName='nobody')
except iam.exceptions.NoSuchEntityException as error:
    out['missing'] = error.response['ResponseMetadata']['HTTPStatusCode']
try:
    iam.create_role(RoleName='bad', AssumeRolePolicyDocument='{')
except iam.exceptions.MalformedPolicyDocumentException as error:
    out['malformed'] = error.response['Error']['Message']
session = sts.assume_role(RoleArn=role['Arn'], RoleSessionName='me')['Credentials']
inside = boto3.client('sts', aws_access_key_id=session['AccessKeyId'], aws_secret_access_key=session['SecretAccessKey'], aws_session_token=session['SessionToken'])
out['identity'] = inside.get_caller_identity()['Arn']
for arn in (policy['Arn'], basic):
    iam.detach_role_policy(RoleName='worker', PolicyArn=arn)
iam.delete_role_policy(RoleName='worker', PolicyName='inline')
iam.delete_policy(PolicyArn=policy['Arn'])
iam.delete_role(RoleName='worker')
out['left'] = [r['RoleName'] for r in iam.list_roles()['Roles']]
with open(sys.argv[1], 'w') as file:
    json.dump(out, file)
`;

  test('walks through a role’s life: documents, waiters, pages, errors, a session, the end', async () => {
    const file = join(folder, 'out.json');
    const command = [programs.python ?? '', '-c', script, file];
    const { code, stderr } = await run(command, { env: awsEnv(hearth.endpoint) });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      trust: true,
      inline: true,
      document: true,
      attached: ['AWSLambdaBasicExecutionRole', 'managed'],
      conflict: expect.stringContaining('must detach all policies first'),
      missing: 404,
      malformed: 'This policy contains invalid Json',
      identity: 'arn:aws:sts::000000000000:assumed-role/worker/me',
      left: [],
    });
  });
});
