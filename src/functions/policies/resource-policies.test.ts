import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryDatabase } from '../../../tests/support/temporary-database.ts';
import { ManualClock, randomIds } from '../../base/index.ts';
import { functionArn, layerVersionArn } from '../../model/index.ts';
import {
  AccessControl,
  FunctionSettings,
  functionSettingsMigrations,
  type Permission,
  type PolicyResource,
  ResourcePolicies,
} from '../index.ts';

const owner = { account: '000000000000', region: 'us-east-1' };
const guest = { account: '111111111111', arn: 'arn:aws:iam::111111111111:root' };
const invoke = 'lambda:InvokeFunction';

let held: Awaited<ReturnType<typeof temporaryDatabase>>;
let policies: ResourcePolicies;
let access: AccessControl;
let made = 0;

beforeAll(async () => {
  held = await temporaryDatabase(functionSettingsMigrations);
  policies = new ResourcePolicies({ database: held.database, ids: randomIds });
  access = new AccessControl({ policies, clock: new ManualClock() });
});
afterAll(() => held[Symbol.asyncDispose]());

function newFunction(qualifier = ''): PolicyResource & { readonly arn: string } {
  made += 1;
  const name = `fn-${made}`;
  const arn = functionArn(owner, name, qualifier === '' ? undefined : qualifier);
  return { ...owner, kind: 'function', name, qualifier, arn };
}

function permit(arn: string, change: Partial<Permission> = {}): Permission {
  return { sid: 's1', action: invoke, principal: guest.account, resourceArn: arn, ...change };
}

describe('a statement', () => {
  test('has the members and the order of AWS', async () => {
    const fn = newFunction();
    const { statement } = await policies.add(
      fn,
      permit(fn.arn, {
        principal: 's3.amazonaws.com',
        sourceArn: 'arn:aws:s3:::bucket',
        sourceAccount: '222222222222',
      }),
    );
    expect(statement).toBe(
      `{"Sid":"s1","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"${fn.arn}",` +
        '"Condition":{"StringEquals":{"AWS:SourceAccount":"222222222222"},"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::bucket"}}}',
    );
    const stored = await policies.find(fn);
    expect(stored?.document).toBe(`{"Version":"2012-10-17","Id":"default","Statement":[${statement}]}`);
  });

  test.each([
    ['*', '*'],
    ['111111111111', { AWS: 'arn:aws:iam::111111111111:root' }],
    ['arn:aws:iam::111111111111:user/ann', { AWS: 'arn:aws:iam::111111111111:user/ann' }],
    ['events.amazonaws.com', { Service: 'events.amazonaws.com' }],
    ['alexa-appkit.amazon.com', { Service: 'alexa-appkit.amazon.com' }],
  ])('for %s names the principal %j', async (principal, expected) => {
    const fn = newFunction();
    const { statement } = await policies.add(fn, permit(fn.arn, { principal }));
    expect(JSON.parse(statement)).toMatchObject({ Principal: expected });
  });

  test.each(['nobody', 'invalid.nonaws.com', '12345', 'arn:aws:s3:::bucket', 'arn:aws:iam::1:root'])(
    'for the principal %s is refused',
    async (principal) => {
      const fn = newFunction();
      await expect(policies.add(fn, permit(fn.arn, { principal }))).rejects.toMatchObject({
        code: 'InvalidParameterValueException',
        message: 'The provided principal was invalid. Please check the principal and try again.',
      });
      expect(await policies.find(fn)).toBeUndefined();
    },
  );

  test('with an id that is there is refused, and the first one stays', async () => {
    const fn = newFunction();
    await policies.add(fn, permit(fn.arn));
    await expect(policies.add(fn, permit(fn.arn, { principal: '*' }))).rejects.toMatchObject({
      code: 'ResourceConflictException',
      message:
        'The statement id (s1) provided already exists. Please provide a new statement id, or remove the existing statement.',
    });
    expect((await policies.find(fn))?.document).not.toContain('"*"');
  });

  test('beyond 20 KB in all is refused with both sizes', async () => {
    const fn = newFunction();
    const long = (sid: string) => permit(fn.arn, { sid, sourceArn: `arn:aws:s3:::${'x'.repeat(10_000)}` });
    await policies.add(fn, long('s1'));
    await expect(policies.add(fn, long('s2'))).rejects.toMatchObject({
      code: 'PolicyLengthExceededException',
      message: expect.stringMatching(
        /^The final policy size \(20\d{3}\) is bigger than the limit \(20480\)\.$/,
      ),
    });
  });

  test('of many callers at once is never lost', async () => {
    const fn = newFunction();
    const sids = Array.from({ length: 20 }, (_, index) => `s${index}`);
    await Promise.all(sids.map((sid) => policies.add(fn, permit(fn.arn, { sid }))));
    const stored = await policies.find(fn);
    expect(sids.filter((sid) => !stored?.document.includes(`"Sid":"${sid}"`))).toEqual([]);
  });
});

describe('removing a statement', () => {
  test('keeps the others, and the last takes the policy with it', async () => {
    const fn = newFunction();
    await policies.add(fn, permit(fn.arn));
    await policies.add(fn, permit(fn.arn, { sid: 's2' }));
    await policies.remove(fn, 's1');
    expect((await policies.find(fn))?.document).toMatch(/"Sid":"s2"/);
    await policies.remove(fn, 's2');
    expect(await policies.find(fn)).toBeUndefined();
  });

  test('that is not there, or from no policy, is not found', async () => {
    const fn = newFunction();
    await expect(policies.remove(fn, 's1')).rejects.toMatchObject({
      message: 'No policy is associated with the given resource.',
    });
    await policies.add(fn, permit(fn.arn));
    await expect(policies.remove(fn, 's2')).rejects.toMatchObject({
      message: 'Statement s2 is not found in resource policy.',
    });
  });
});

describe('a revision', () => {
  test('that is not the latest changes nothing', async () => {
    const fn = newFunction();
    const first = await policies.add(fn, permit(fn.arn));
    const second = await policies.add(fn, permit(fn.arn, { sid: 's2' }), { revisionId: first.revisionId });
    expect(second.revisionId).not.toBe(first.revisionId);
    const stale = { revisionId: first.revisionId };
    await expect(policies.add(fn, permit(fn.arn, { sid: 's3' }), stale)).rejects.toMatchObject({
      code: 'PreconditionFailedException',
      message: expect.stringContaining('Call the GetPolicy API'),
    });
    await expect(policies.remove(fn, 's1', stale)).rejects.toMatchObject({
      code: 'PreconditionFailedException',
    });
    await expect(policies.delete(fn, stale)).rejects.toMatchObject({ code: 'PreconditionFailedException' });
    expect((await policies.find(fn))?.revisionId).toBe(second.revisionId);
  });
});

describe('another account', () => {
  const deny = {
    code: 'AccessDeniedException',
    members: { Message: null },
    headers: { 'x-hearth-reason': expect.stringContaining('no resource-based policy allows') },
  };

  test('is denied without a policy, let in with one, and denied again once it is gone', async () => {
    const fn = newFunction();
    const ask = async () => access.require(guest, invoke, fn.arn);
    await expect(ask()).rejects.toMatchObject(deny);
    await policies.add(fn, permit(fn.arn));
    await expect(ask()).resolves.toBeUndefined();
    await expect(async () => access.require(guest, 'lambda:GetFunction', fn.arn)).rejects.toMatchObject(deny);
    await policies.remove(fn, 's1');
    await expect(ask()).rejects.toMatchObject(deny);
  });

  test('is answered from memory, without a promise, the second time', async () => {
    const fn = newFunction();
    await policies.add(fn, permit(fn.arn));
    expect(access.require(guest, invoke, fn.arn)).toBeInstanceOf(Promise);
    await access.require(guest, invoke, fn.arn);
    expect(access.require(guest, invoke, fn.arn)).toBeUndefined();
  });

  test('may use the alias that it was given, and neither the function nor another alias', async () => {
    const live = newFunction('live');
    await policies.add(live, permit(live.arn));
    await expect(access.allows(question(live.arn))).resolves.toBe(true);
    await expect(access.allows(question(functionArn(owner, live.name)))).resolves.toBe(false);
    await expect(access.allows(question(functionArn(owner, live.name, 'next')))).resolves.toBe(false);
  });

  test('may use every qualifier by a policy of the function that says so', async () => {
    const fn = newFunction();
    await policies.replace(fn, document({ Effect: 'Allow', Resource: [fn.arn, `${fn.arn}:*`] }));
    await expect(access.allows(question(functionArn(owner, fn.name, 'live')))).resolves.toBe(true);
    await expect(access.allows(question(functionArn(owner, fn.name, '$LATEST')))).resolves.toBe(true);
  });

  test('is denied by an explicit deny beside an allow', async () => {
    const fn = newFunction();
    await policies.replace(fn, document({ Effect: 'Deny', Resource: '*' }));
    await policies.add(fn, permit(fn.arn));
    await expect(access.allows(question(fn.arn))).resolves.toBe(false);
  });

  test('may use a layer version that is public, and no other version', async () => {
    const layer: PolicyResource = { ...owner, kind: 'layer', name: 'shared', qualifier: '1' };
    const arn = layerVersionArn(owner, 'shared', 1);
    const action = 'lambda:GetLayerVersion';
    await policies.add(layer, { sid: 's1', action, principal: '*', resourceArn: arn });
    await expect(access.allows({ ...question(arn), action })).resolves.toBe(true);
    await expect(access.allows({ ...question(`${arn}0`), action })).resolves.toBe(false);
  });

  test('loses what it had when the function is deleted, and does not get it back with a new one', async () => {
    const fn = newFunction();
    const settings = new FunctionSettings(access);
    await policies.add(fn, permit(fn.arn));
    await expect(access.allows(question(fn.arn))).resolves.toBe(true);
    await held.database.write(settings.onDelete(fn));
    settings.afterDelete(fn);
    await held.database.write(settings.onCreate(fn, {}));
    await expect(access.allows(question(fn.arn))).resolves.toBe(false);
  });

  function question(resourceArn: string) {
    return { resourceArn, action: invoke, principalArn: guest.arn, principalAccount: guest.account };
  }

  function document(statement: object): string {
    const full = { Principal: { AWS: guest.account }, Action: 'lambda:*', ...statement };
    return JSON.stringify({ Version: '2012-10-17', Statement: full });
  }
});

test('within one account nothing is looked up', () => {
  const fn = newFunction();
  const self = { account: owner.account, arn: `arn:aws:iam::${owner.account}:root` };
  expect(access.require(self, invoke, fn.arn)).toBeUndefined();
});

test('a document that is no policy is refused, with the reason', async () => {
  const fn = newFunction();
  await expect(policies.replace(fn, '{"Version":"2012-10-17"}')).rejects.toMatchObject({
    code: 'InvalidParameterValueException',
    message: 'The provided policy is invalid: Syntax errors in policy.',
  });
  expect(await policies.find(fn)).toBeUndefined();
});

describe('services', () => {
  test('are allowed by the source that the statement names, and only by it', async () => {
    const fn = newFunction();
    const sourceArn = 'arn:aws:s3:::bucket';
    await policies.add(fn, permit(fn.arn, { principal: 's3.amazonaws.com', sourceArn }));
    const ask = async (source: string) =>
      (
        await access.decide({
          principal: { kind: 'service', service: 's3.amazonaws.com' },
          action: invoke,
          resourceArn: fn.arn,
          facts: { sourceArn: source },
        })
      ).allowed;
    expect(await ask(sourceArn)).toBe(true);
    expect(await ask('arn:aws:s3:::other')).toBe(false);
  });

  test('a public function URL is allowed by its auth type and by nothing else', async () => {
    const fn = newFunction();
    const url = 'lambda:InvokeFunctionUrl';
    await policies.add(fn, permit(fn.arn, { action: url, principal: '*', functionUrlAuthType: 'NONE' }));
    const ask = async (functionUrlAuthType: 'NONE' | 'AWS_IAM') =>
      (
        await access.decide({
          principal: { kind: 'anonymous' },
          action: url,
          resourceArn: fn.arn,
          facts: { functionUrlAuthType },
        })
      ).allowed;
    expect(await ask('NONE')).toBe(true);
    expect(await ask('AWS_IAM')).toBe(false);
  });
});
