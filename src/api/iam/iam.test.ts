import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListEntitiesForPolicyCommand,
  ListInstanceProfilesForRoleCommand,
  ListPoliciesCommand,
  ListPolicyTagsCommand,
  ListPolicyVersionsCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  ListRoleTagsCommand,
  PutRolePolicyCommand,
  paginateListPolicies,
  paginateListRoles,
  SetDefaultPolicyVersionCommand,
  TagPolicyCommand,
  TagRoleCommand,
  UntagPolicyCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
  UpdateRoleDescriptionCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inProcess } from '../../../tests/support/in-process-client.ts';
import { temporaryDatabase } from '../../../tests/support/temporary-database.ts';
import { loadServiceModel } from '../../aws-protocol/index.ts';
import { createLog, ManualClock, randomIds } from '../../base/index.ts';
import { type Api, createApi, iamMigrations, iamOperations, serviceApi } from '../index.ts';

const trust = policy({
  Effect: 'Allow',
  Principal: { Service: 'lambda.amazonaws.com' },
  Action: 'sts:AssumeRole',
});
const readBucket = policy({ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::b/*' });
const basicExecution = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';

function policy(statement: object): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}

let held: Awaited<ReturnType<typeof temporaryDatabase>>;
let api: Api;
let iam: IAMClient;
let made = 0;

beforeAll(async () => {
  held = await temporaryDatabase(iamMigrations);
  const services = { database: held.database, clock: new ManualClock(), ids: randomIds };
  const served = serviceApi(loadServiceModel('iam'), services, iamOperations);
  api = createApi({ iam: served }, { log: createLog('silent') });
  iam = new IAMClient(inProcess(api, 'iam'));
});
afterAll(() => held[Symbol.asyncDispose]());

function newName(): string {
  made += 1;
  return `thing-${made}`;
}

async function newRole(): Promise<string> {
  const RoleName = newName();
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }));
  return RoleName;
}

async function newPolicy(): Promise<string> {
  const input = { PolicyName: newName(), PolicyDocument: readBucket };
  const { Policy } = await iam.send(new CreatePolicyCommand(input));
  return Policy?.Arn ?? '';
}

describe('a role', () => {
  test('is answered as it was made, its trust policy URL-encoded', async () => {
    const RoleName = newName();
    const input = {
      RoleName,
      AssumeRolePolicyDocument: trust,
      Path: '/app/',
      Tags: [{ Key: 'a', Value: '1' }],
    };
    const { Role: created } = await iam.send(new CreateRoleCommand(input));
    expect(created).toMatchObject({
      Arn: `arn:aws:iam::000000000000:role/app/${RoleName}`,
      RoleId: expect.stringMatching(/^AROA[A-Z2-7]{17}$/),
      CreateDate: new Date(Date.UTC(2026, 0, 1)),
    });
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
    expect(Role).toMatchObject({ ...created, MaxSessionDuration: 3600, RoleLastUsed: {}, Tags: input.Tags });
    expect(Role?.AssumeRolePolicyDocument).not.toContain('{');
    expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).toBe(trust);
  });

  test('exists once, whatever the case of its name, in each account', async () => {
    const RoleName = await newRole();
    const again = { RoleName: RoleName.toUpperCase(), AssumeRolePolicyDocument: trust };
    await expect(iam.send(new CreateRoleCommand(again))).rejects.toMatchObject({
      name: 'EntityAlreadyExistsException',
      message: `Role with name ${again.RoleName} already exists.`,
      $metadata: { httpStatusCode: 409 },
    });
    const other = new IAMClient(inProcess(api, 'iam', { account: '111111111111' }));
    await expect(other.send(new GetRoleCommand({ RoleName }))).rejects.toMatchObject({
      name: 'NoSuchEntityException',
      message: `The role with name ${RoleName} cannot be found.`,
      $metadata: { httpStatusCode: 404 },
    });
    await other.send(new CreateRoleCommand(again));
  });

  test('is one in every region', async () => {
    const RoleName = await newRole();
    const elsewhere = new IAMClient(inProcess(api, 'iam', { region: 'eu-west-1' }));
    expect((await elsewhere.send(new GetRoleCommand({ RoleName }))).Role?.RoleName).toBe(RoleName);
  });

  test.each([
    ['is no JSON', '{', 'This policy contains invalid Json'],
    [
      'names a resource',
      policy({ ...JSON.parse(trust).Statement[0], Resource: '*' }),
      'Has prohibited field Resource',
    ],
    [
      'has no principal',
      policy({ Effect: 'Allow', Action: 'sts:AssumeRole' }),
      'Missing required field Principal',
    ],
    [
      'allows something else',
      policy({ Effect: 'Allow', Principal: '*', Action: 's3:GetObject' }),
      'AssumeRole policy may only specify STS AssumeRole actions.',
    ],
    [
      'names a principal that is none',
      policy({ Effect: 'Allow', Principal: { AWS: 'bob' }, Action: 'sts:AssumeRole' }),
      'Invalid principal in policy: "AWS":"bob"',
    ],
  ])('is refused where its trust policy %s', async (_, document, message) => {
    const input = { RoleName: newName(), AssumeRolePolicyDocument: document };
    await expect(iam.send(new CreateRoleCommand(input))).rejects.toMatchObject({
      name: 'MalformedPolicyDocumentException',
      message,
    });
  });

  test('takes changes of description, session length, trust and tags', async () => {
    const RoleName = await newRole();
    await iam.send(new UpdateRoleCommand({ RoleName, Description: 'first', MaxSessionDuration: 7200 }));
    await iam.send(new UpdateRoleDescriptionCommand({ RoleName, Description: 'second' }));
    const PolicyDocument = policy({ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' });
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
    await iam.send(
      new TagRoleCommand({ RoleName, Tags: ['a', 'b', 'c'].map((Key) => ({ Key, Value: Key })) }),
    );
    await iam.send(new UntagRoleCommand({ RoleName, TagKeys: ['b'] }));
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
    expect(Role).toMatchObject({ Description: 'second', MaxSessionDuration: 7200 });
    expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).toBe(PolicyDocument);
    const firstPage = await iam.send(new ListRoleTagsCommand({ RoleName, MaxItems: 1 }));
    expect(firstPage).toMatchObject({ Tags: [{ Key: 'a' }], IsTruncated: true });
    const rest = await iam.send(new ListRoleTagsCommand({ RoleName, Marker: firstPage.Marker }));
    expect(rest).toMatchObject({ Tags: [{ Key: 'c' }], IsTruncated: false });
  });

  test('with two tags of one key is refused', async () => {
    const Tags = ['a', 'A'].map((Key) => ({ Key, Value: '1' }));
    const input = { RoleName: newName(), AssumeRolePolicyDocument: trust, Tags };
    await expect(iam.send(new CreateRoleCommand(input))).rejects.toMatchObject({
      name: 'InvalidInputException',
    });
  });

  test('is deleted only after its policies', async () => {
    const RoleName = await newRole();
    const del = () => iam.send(new DeleteRoleCommand({ RoleName }));
    const inline = { RoleName, PolicyName: 'p' };
    const attached = { RoleName, PolicyArn: basicExecution };
    await iam.send(new PutRolePolicyCommand({ ...inline, PolicyDocument: readBucket }));
    await iam.send(new AttachRolePolicyCommand(attached));
    const conflict = { name: 'DeleteConflictException' };
    await expect(del()).rejects.toMatchObject({ ...conflict, message: expect.stringContaining('detach') });
    await iam.send(new DetachRolePolicyCommand(attached));
    await expect(del()).rejects.toMatchObject({
      ...conflict,
      message: expect.stringContaining('delete policies'),
    });
    await iam.send(new DeleteRolePolicyCommand(inline));
    expect(await iam.send(new ListInstanceProfilesForRoleCommand({ RoleName }))).toMatchObject({
      InstanceProfiles: [],
    });
    await del();
    await expect(del()).rejects.toMatchObject({ name: 'NoSuchEntityException' });
  });

  test('is listed by path, page by page', async () => {
    const account = '222222222222';
    const own = new IAMClient(inProcess(api, 'iam', { account }));
    for (const name of ['a', 'B', 'c', 'd']) {
      const input = {
        RoleName: name,
        Path: name === 'd' ? '/other/' : '/team/',
        AssumeRolePolicyDocument: trust,
      };
      await own.send(new CreateRoleCommand(input));
    }
    const names: (string | undefined)[] = [];
    const pages = paginateListRoles({ client: own, pageSize: 2 }, { PathPrefix: '/team/' });
    for await (const page of pages) names.push(...(page.Roles ?? []).map((role) => role.RoleName));
    expect(names).toEqual(['a', 'B', 'c']);
    await expect(own.send(new ListRolesCommand({ Marker: 'not a marker' }))).rejects.toMatchObject({
      name: 'ValidationError',
    });
  });
});

describe('an inline policy', () => {
  test('is answered as it was put, and gone when it is deleted', async () => {
    const RoleName = await newRole();
    const PolicyName = 'reads';
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: readBucket }));
    const found = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
    expect(decodeURIComponent(found.PolicyDocument ?? '')).toBe(readBucket);
    const listed = await iam.send(new ListRolePoliciesCommand({ RoleName }));
    expect(listed).toMatchObject({ PolicyNames: [PolicyName], IsTruncated: false });
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
    await expect(iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }))).rejects.toMatchObject({
      name: 'NoSuchEntityException',
      message: 'The role policy with name reads cannot be found.',
    });
  });

  test.each([
    [{ Effect: 'Allow', Action: 'GetObject', Resource: '*' }, /prefaced by a vendor/],
    [
      { Effect: 'Allow', Action: 's3:*', Resource: 'bucket' },
      /^Resource bucket must be in ARN format or "\*"\.$/,
    ],
    [{ Effect: 'Allow', Action: 's3:*', Resource: [] }, /must contain resources/],
    [{ Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: '*' }, /should not specify a principal/],
  ])('of %j is refused', async (statement, message) => {
    const RoleName = await newRole();
    const input = { RoleName, PolicyName: 'p', PolicyDocument: policy(statement) };
    await expect(iam.send(new PutRolePolicyCommand(input))).rejects.toMatchObject({
      name: 'MalformedPolicyDocumentException',
      message: expect.stringMatching(message),
    });
  });

  test('beyond what all of a role may have is refused; the same one may be put again', async () => {
    const RoleName = await newRole();
    const Resource = Array.from({ length: 60 }, (_, index) => `arn:aws:s3:::${'b'.repeat(80)}-${index}`);
    const PolicyDocument = policy({ Effect: 'Allow', Action: 's3:*', Resource });
    const put = (PolicyName: string) =>
      iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
    await put('one');
    await put('one');
    await expect(put('two')).rejects.toMatchObject({ name: 'LimitExceededException' });
  });
});

describe('a managed policy', () => {
  test('has versions, of which one is the default', async () => {
    const PolicyArn = await newPolicy();
    const PolicyDocument = policy({ Effect: 'Deny', Action: '*', Resource: '*' });
    const added = await iam.send(
      new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument, SetAsDefault: true }),
    );
    expect(added.PolicyVersion).toMatchObject({ VersionId: 'v2', IsDefaultVersion: true });
    const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn }));
    expect(Policy).toMatchObject({
      Arn: PolicyArn,
      DefaultVersionId: 'v2',
      AttachmentCount: 0,
      IsAttachable: true,
    });
    const second = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId: 'v2' }));
    expect(decodeURIComponent(second.PolicyVersion?.Document ?? '')).toBe(PolicyDocument);
    await expect(
      iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: 'v2' })),
    ).rejects.toMatchObject({ name: 'DeleteConflictException' });
    await expect(iam.send(new DeletePolicyCommand({ PolicyArn }))).rejects.toMatchObject({
      name: 'DeleteConflictException',
      message: expect.stringContaining('more than one version'),
    });
    await iam.send(new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId: 'v1' }));
    await iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: 'v2' }));
    const { Versions } = await iam.send(new ListPolicyVersionsCommand({ PolicyArn }));
    expect(Versions).toMatchObject([{ VersionId: 'v1', IsDefaultVersion: true }]);
    await iam.send(new DeletePolicyCommand({ PolicyArn }));
    await expect(iam.send(new GetPolicyCommand({ PolicyArn }))).rejects.toMatchObject({
      message: `Policy ${PolicyArn} was not found.`,
    });
  });

  test('has five versions at most, whose numbers are not used again', async () => {
    const PolicyArn = await newPolicy();
    const add = () => iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: readBucket }));
    for (let count = 1; count < 5; count += 1) await add();
    await expect(add()).rejects.toMatchObject({ name: 'LimitExceededException' });
    await iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: 'v5' }));
    expect((await add()).PolicyVersion?.VersionId).toBe('v6');
  });

  test('is attached and detached, and cannot be deleted in between', async () => {
    const [RoleName, PolicyArn] = [await newRole(), await newPolicy()];
    await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
    await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
    const { AttachedPolicies } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
    expect(AttachedPolicies).toEqual([{ PolicyArn, PolicyName: PolicyArn.split('/').at(-1) }]);
    const { PolicyRoles } = await iam.send(new ListEntitiesForPolicyCommand({ PolicyArn }));
    expect(PolicyRoles).toMatchObject([{ RoleName }]);
    await expect(iam.send(new DeletePolicyCommand({ PolicyArn }))).rejects.toMatchObject({
      message: 'Cannot delete a policy attached to entities.',
    });
    await iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
    await expect(iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }))).rejects.toMatchObject({
      name: 'NoSuchEntityException',
    });
  });

  test("of AWS is attached and read; one that nobody has is not found, and one of AWS's whose text is unknown is not made up", async () => {
    const RoleName = await newRole();
    await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: basicExecution }));
    const version = { PolicyArn: basicExecution, VersionId: 'v1' };
    const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand(version));
    expect(decodeURIComponent(PolicyVersion?.Document ?? '')).toContain('logs:PutLogEvents');
    const PolicyArn = 'arn:aws:iam::000000000000:policy/nobody';
    await expect(iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }))).rejects.toMatchObject({
      message: `Policy ${PolicyArn} does not exist or is not attachable.`,
    });
    const unknown = { PolicyArn: 'arn:aws:iam::aws:policy/SomethingElse', VersionId: 'v1' };
    await expect(iam.send(new GetPolicyVersionCommand(unknown))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 501 },
    });
  });

  test('has an ARN; what is none is refused, NUL included', async () => {
    const RoleName = await newRole();
    const PolicyArn = 'arn:aws:iam::000000000000:policy/\0';
    const refusal = { name: 'ValidationError', $metadata: { httpStatusCode: 400 } };
    await expect(iam.send(new GetPolicyCommand({ PolicyArn }))).rejects.toMatchObject(refusal);
    for (const Command of [AttachRolePolicyCommand, DetachRolePolicyCommand]) {
      await expect(iam.send(new Command({ RoleName, PolicyArn }))).rejects.toMatchObject(refusal);
    }
  });

  test('takes and loses tags', async () => {
    const PolicyArn = await newPolicy();
    const Tags = ['a', 'b'].map((Key) => ({ Key, Value: 'v' }));
    await iam.send(new TagPolicyCommand({ PolicyArn, Tags }));
    await iam.send(new UntagPolicyCommand({ PolicyArn, TagKeys: ['a'] }));
    expect((await iam.send(new ListPolicyTagsCommand({ PolicyArn }))).Tags).toEqual([
      { Key: 'b', Value: 'v' },
    ]);
  });

  test("is listed page by page, AWS's own and the account's each once", async () => {
    const own = new IAMClient(inProcess(api, 'iam', { account: '333333333333' }));
    for (const PolicyName of ['AdministratorAccess', 'zebra']) {
      await own.send(new CreatePolicyCommand({ PolicyName, PolicyDocument: readBucket }));
    }
    const arns: (string | undefined)[] = [];
    for await (const page of paginateListPolicies({ client: own, pageSize: 3 }, {})) {
      arns.push(...(page.Policies ?? []).map(({ Arn }) => Arn));
    }
    expect(new Set(arns).size).toBe(arns.length);
    expect(arns.slice(-2)).toEqual([
      'arn:aws:iam::333333333333:policy/AdministratorAccess',
      'arn:aws:iam::333333333333:policy/zebra',
    ]);
    expect(arns).toContain(basicExecution);
    const { Policies } = await own.send(new ListPoliciesCommand({ Scope: 'Local' }));
    expect(Policies).toHaveLength(2);
  });
});
