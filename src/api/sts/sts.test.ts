import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inProcess } from '../../../tests/support/in-process-client.ts';
import { temporaryDatabase } from '../../../tests/support/temporary-database.ts';
import { loadServiceModel, SessionCredentials } from '../../aws-protocol/index.ts';
import { createLog, ManualClock, randomIds } from '../../base/index.ts';
import { type Api, createApi, iamMigrations, iamOperations, serviceApi, stsOperations } from '../index.ts';

const own = '000000000000';
const other = '111111111111';
let held: Awaited<ReturnType<typeof temporaryDatabase>>;
let api: Api;
let sessions: SessionCredentials;

beforeAll(async () => {
  const clock = new ManualClock();
  held = await temporaryDatabase(iamMigrations);
  sessions = new SessionCredentials({ masterKey: Buffer.alloc(32, 7), clock, ids: randomIds });
  const services = { database: held.database, clock, ids: randomIds, sessions };
  api = createApi(
    {
      iam: serviceApi(loadServiceModel('iam'), services, iamOperations),
      sts: serviceApi(loadServiceModel('sts'), services, stsOperations),
    },
    { log: createLog('silent') },
  );
});
afterAll(() => held[Symbol.asyncDispose]());

function assume(input: Partial<AssumeRoleCommandInput>, account = own) {
  const command = new AssumeRoleCommand({ RoleArn: roleArn('any'), RoleSessionName: 'me', ...input });
  return new STSClient(inProcess(api, 'sts', { account })).send(command);
}

function roleArn(name: string, account = own): string {
  return `arn:aws:iam::${account}:role/${name}`;
}

async function createRole(name: string, principal: unknown, options: { condition?: object } = {}) {
  const statement = {
    Effect: 'Allow',
    Principal: principal,
    Action: 'sts:AssumeRole',
    Condition: options.condition,
  };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  const iam = new IAMClient(inProcess(api, 'iam', { account: own }));
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument }));
  return Role;
}

test('the caller learns who it is', async () => {
  const sts = new STSClient(inProcess(api, 'sts'));
  expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({
    Account: own,
    Arn: `arn:aws:iam::${own}:root`,
    UserId: own,
  });
});

test('an operation that is not there is refused by name', async () => {
  const sts = new STSClient(inProcess(api, 'sts'));
  await expect(sts.send(new GetSessionTokenCommand({}))).rejects.toMatchObject({
    message: expect.stringContaining('GetSessionToken'),
    $metadata: { httpStatusCode: 501 },
  });
});

describe('a role of the own account', () => {
  test('is assumed whether IAM knows it or not, with credentials that prove the session', async () => {
    const { Credentials, AssumedRoleUser } = await assume({
      RoleArn: roleArn('app/unknown'),
      RoleSessionName: 'me',
    });
    const arn = `arn:aws:sts::${own}:assumed-role/unknown/me`;
    expect(AssumedRoleUser).toMatchObject({ Arn: arn, AssumedRoleId: expect.stringMatching(/^AROA\w+:me$/) });
    expect(Credentials?.Expiration).toEqual(new Date(Date.UTC(2026, 0, 1, 1)));
    const session = sessions.find(Credentials?.AccessKeyId ?? '', Credentials?.SessionToken ?? '');
    expect(session).toMatchObject({
      identity: { account: own, arn },
      secretAccessKey: Credentials?.SecretAccessKey,
    });
  });

  test('that IAM knows gives its id, and its longest session', async () => {
    const role = await createRole('known', { Service: 'lambda.amazonaws.com' });
    const { AssumedRoleUser } = await assume({ RoleArn: roleArn('known') });
    expect(AssumedRoleUser?.AssumedRoleId).toBe(`${role?.RoleId}:me`);
    await expect(assume({ RoleArn: roleArn('known'), DurationSeconds: 3601 })).rejects.toMatchObject({
      message: 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    });
  });

  test.each([roleArn('bad name'), `arn:aws:iam::${own}:user/ann`, 'arn:aws:iam::1:role/short-account'])(
    'is not %s',
    async (RoleArn) => {
      await expect(assume({ RoleArn })).rejects.toMatchObject({ message: `${RoleArn} is invalid` });
    },
  );

  test('is refused with what would narrow the session and could not', async () => {
    await expect(assume({ Policy: '{}' })).rejects.toMatchObject({
      message: expect.stringContaining('AssumeRole: Policy'),
      $metadata: { httpStatusCode: 501 },
    });
  });

  test('is assumed by a session for an hour at most', async () => {
    const caller = { account: own, arn: `arn:aws:sts::${own}:assumed-role/r/s`, userId: 'AROA:s' };
    const sts = new STSClient(inProcess(api, 'sts', { caller }));
    const input = { RoleArn: roleArn('any'), RoleSessionName: 'me' };
    await expect(sts.send(new AssumeRoleCommand({ ...input, DurationSeconds: 3601 }))).rejects.toMatchObject({
      message: expect.stringContaining('role chaining'),
    });
    await sts.send(new AssumeRoleCommand(input));
  });
});

describe("another account's role", () => {
  test('is assumed where its trust policy says so, and by nobody else', async () => {
    await createRole('shared', { AWS: other });
    const { AssumedRoleUser } = await assume({ RoleArn: roleArn('shared') }, other);
    expect(AssumedRoleUser?.Arn).toBe(`arn:aws:sts::${own}:assumed-role/shared/me`);
    await expect(assume({ RoleArn: roleArn('shared') }, '222222222222')).rejects.toMatchObject({
      name: 'AccessDenied',
      message: `User: arn:aws:iam::222222222222:root is not authorized to perform: sts:AssumeRole on resource: ${roleArn('shared')}`,
      $metadata: { httpStatusCode: 403 },
    });
  });

  test('is denied where there is none, just the same', async () => {
    await expect(assume({ RoleArn: roleArn('nowhere') }, other)).rejects.toMatchObject({
      name: 'AccessDenied',
    });
  });

  test('asks for the external id that its condition names', async () => {
    await createRole(
      'third-party',
      { AWS: other },
      { condition: { StringEquals: { 'sts:ExternalId': 'secret' } } },
    );
    const RoleArn = roleArn('third-party');
    await expect(assume({ RoleArn }, other)).rejects.toMatchObject({ name: 'AccessDenied' });
    await assume({ RoleArn, ExternalId: 'secret' }, other);
  });
});
