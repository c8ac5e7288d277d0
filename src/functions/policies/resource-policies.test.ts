import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { functionArn, layerVersionArn } from '../../model/index.ts';
import {
  caller,
  type FunctionsFixture,
  openFixture,
  scope as owner,
  zipOf,
} from '../../../tests/support/open-functions.ts';
import type { AccessControl, Permission, PolicyResource, ResourcePolicies } from '../index.ts';

const guest = { account: '111111111111', arn: 'arn:aws:iam::111111111111:root' };
const invoke = 'lambda:InvokeFunction';

let fixture: FunctionsFixture;
let policies: ResourcePolicies;
let access: AccessControl;
let made = 0;

beforeAll(async () => {
  fixture = await openFixture();
  ({ policies, access } = fixture.settings);
});
afterAll(() => fixture.close());

const zip = zipOf({ 'app.py': 'x' });

/** A function with version 1 and, where the qualifier names one, an alias. */
async function newFunction(qualifier = ''): Promise<PolicyResource & { readonly arn: string }> {
  made += 1;
  const key = { ...owner, name: `fn-${made}` };
  const { functions, aliases } = fixture.module;
  await functions.create(key, {
    configuration: { runtime: 'python3.12', handler: 'a.b', roleArn: 'arn:aws:iam::000000000000:role/r' },
    architecture: 'x86_64',
    code: { kind: 'zip', bytes: zip },
    layerArns: [],
    tags: {},
    publish: true,
    caller,
  });
  await fixture.module.settled();
  if (qualifier !== '')
    await aliases.create(key, { name: qualifier, version: '1', description: '', routing: [] });
  const arn = functionArn(owner, key.name, qualifier === '' ? undefined : qualifier);
  return { ...key, kind: 'function', qualifier, arn };
}

function permit(arn: string, change: Partial<Permission> = {}): Permission {
  return { sid: 's1', action: invoke, principal: guest.account, resourceArn: arn, ...change };
}

describe('a statement', () => {
  test('has the members and the order of AWS', async () => {
    const fn = await newFunction();
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
    const fn = await newFunction();
    const { statement } = await policies.add(fn, permit(fn.arn, { principal }));
    expect(JSON.parse(statement)).toMatchObject({ Principal: expected });
  });

  test.each(['nobody', 'invalid.nonaws.com', '12345', 'arn:aws:s3:::bucket', 'arn:aws:iam::1:root'])(
    'for the principal %s is refused',
    async (principal) => {
      const fn = await newFunction();
      await expect(policies.add(fn, permit(fn.arn, { principal }))).rejects.toMatchObject({
        code: 'InvalidParameterValueException',
        message: 'The provided principal was invalid. Please check the principal and try again.',
      });
      expect(await policies.find(fn)).toBeUndefined();
    },
  );

  test('with an id that is there is refused, and the first one stays', async () => {
    const fn = await newFunction();
    await policies.add(fn, permit(fn.arn));
    await expect(policies.add(fn, permit(fn.arn, { principal: '*' }))).rejects.toMatchObject({
      code: 'ResourceConflictException',
      message:
        'The statement id (s1) provided already exists. Please provide a new statement id, or remove the existing statement.',
    });
    expect((await policies.find(fn))?.document).not.toContain('"*"');
  });

  test('beyond 20 KB in all is refused with both sizes', async () => {
    const fn = await newFunction();
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
    const fn = await newFunction();
    const sids = Array.from({ length: 20 }, (_, index) => `s${index}`);
    await Promise.all(sids.map((sid) => policies.add(fn, permit(fn.arn, { sid }))));
    const stored = await policies.find(fn);
    expect(sids.filter((sid) => !stored?.document.includes(`"Sid":"${sid}"`))).toEqual([]);
  });
});

describe('removing a statement', () => {
  test('keeps the others, and the last takes the policy with it', async () => {
    const fn = await newFunction();
    await policies.add(fn, permit(fn.arn));
    await policies.add(fn, permit(fn.arn, { sid: 's2' }));
    await policies.remove(fn, 's1');
    expect((await policies.find(fn))?.document).toMatch(/"Sid":"s2"/);
    await policies.remove(fn, 's2');
    expect(await policies.find(fn)).toBeUndefined();
  });

  test('that is not there, or from no policy, is not found', async () => {
    const fn = await newFunction();
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
    const fn = await newFunction();
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
    message: '',
    headers: { 'x-hearth-reason': expect.stringContaining('no resource-based policy allows') },
  };

  test('is denied without a policy, let in with one, and denied again once it is gone', async () => {
    const fn = await newFunction();
    const ask = async () => access.require(guest, invoke, fn.arn);
    await expect(ask()).rejects.toMatchObject(deny);
    await policies.add(fn, permit(fn.arn));
    await expect(ask()).resolves.toBeUndefined();
    await expect(async () => access.require(guest, 'lambda:GetFunction', fn.arn)).rejects.toMatchObject(deny);
    await policies.remove(fn, 's1');
    await expect(ask()).rejects.toMatchObject(deny);
  });

  test('is answered from memory, without a promise, the second time', async () => {
    const fn = await newFunction();
    await policies.add(fn, permit(fn.arn));
    expect(access.require(guest, invoke, fn.arn)).toBeInstanceOf(Promise);
    await access.require(guest, invoke, fn.arn);
    expect(access.require(guest, invoke, fn.arn)).toBeUndefined();
  });

  test('may use the alias that it was given, and neither the function nor another alias', async () => {
    const live = await newFunction('live');
    await policies.add(live, permit(live.arn));
    await expect(access.allows(question(live.arn))).resolves.toBe(true);
    await expect(access.allows(question(functionArn(owner, live.name)))).resolves.toBe(false);
    await expect(access.allows(question(functionArn(owner, live.name, 'next')))).resolves.toBe(false);
  });

  test('may use every qualifier by a policy of the function that says so', async () => {
    const fn = await newFunction();
    await policies.replace(fn, document({ Effect: 'Allow', Resource: [fn.arn, `${fn.arn}:*`] }));
    await expect(access.allows(question(functionArn(owner, fn.name, 'live')))).resolves.toBe(true);
    await expect(access.allows(question(functionArn(owner, fn.name, '$LATEST')))).resolves.toBe(true);
  });

  test('is denied by an explicit deny beside an allow', async () => {
    const fn = await newFunction();
    await policies.replace(fn, document({ Effect: 'Deny', Resource: '*' }));
    await policies.add(fn, permit(fn.arn));
    await expect(access.allows(question(fn.arn))).resolves.toBe(false);
  });

  test('may use a layer version that is public, and no other version', async () => {
    const layer: PolicyResource = { ...owner, kind: 'layer', name: 'shared', qualifier: '1' };
    await fixture.module.layers.publish(layer, { zip, description: '' });
    const arn = layerVersionArn(owner, 'shared', 1);
    const action = 'lambda:GetLayerVersion';
    await policies.add(layer, { sid: 's1', action, principal: '*', resourceArn: arn });
    await expect(access.allows({ ...question(arn), action })).resolves.toBe(true);
    await expect(access.allows({ ...question(`${arn}0`), action })).resolves.toBe(false);
  });

  test('loses what it had when the function is deleted, and does not get it back with a new one', async () => {
    const fn = await newFunction();
    await policies.add(fn, permit(fn.arn));
    await expect(access.allows(question(fn.arn))).resolves.toBe(true);
    await fixture.module.functions.delete(fn);
    made -= 1;
    await newFunction();
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

describe('what is not there has no policy:', () => {
  test.each([
    ['a function', '', 'Function not found: arn:aws:lambda:us-east-1:000000000000:function:none'],
    ['a version', '7', 'Function not found: arn:aws:lambda:us-east-1:000000000000:function:none:7'],
  ])('%s', async (_, qualifier, message) => {
    const resource: PolicyResource = { ...owner, kind: 'function', name: 'none', qualifier };
    await expect(policies.add(resource, permit('x'))).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
      message,
    });
  });

  test('an alias', async () => {
    const fn = await newFunction();
    await expect(policies.add({ ...fn, qualifier: 'live' }, permit('x'))).rejects.toMatchObject({
      message: `Cannot find alias arn: ${fn.arn}:live`,
    });
  });

  test('a layer version', async () => {
    const resource: PolicyResource = { ...owner, kind: 'layer', name: 'none', qualifier: '1' };
    await expect(policies.add(resource, permit('x'))).rejects.toMatchObject({
      message: `Layer version ${layerVersionArn(owner, 'none', 1)} does not exist.`,
    });
  });
});

test('within one account nothing is looked up', async () => {
  const fn = await newFunction();
  const self = { account: owner.account, arn: `arn:aws:iam::${owner.account}:root` };
  expect(access.require(self, invoke, fn.arn)).toBeUndefined();
});

test('a document that is no policy is refused, with the reason', async () => {
  const fn = await newFunction();
  await expect(policies.replace(fn, '{"Version":"2012-10-17"}')).rejects.toMatchObject({
    code: 'InvalidParameterValueException',
    message: 'The provided policy is invalid: Syntax errors in policy.',
  });
  expect(await policies.find(fn)).toBeUndefined();
});

describe('services', () => {
  test('are allowed by the source that the statement names, and only by it', async () => {
    const fn = await newFunction();
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
    const fn = await newFunction();
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
