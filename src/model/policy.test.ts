import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AccessRequest,
  evaluatePolicies,
  PolicySyntaxError,
  parsePolicy,
  policyContext,
  type RequestPrincipal,
} from './index.ts';
import { compilePattern, matchesPattern } from './policy-pattern.ts';

const resource = 'arn:aws:lambda:us-east-1:000000000000:function:fn';
const user: RequestPrincipal = {
  kind: 'aws',
  account: '111111111111',
  arn: 'arn:aws:iam::111111111111:user/ann',
};
const s3: RequestPrincipal = { kind: 'service', service: 's3.amazonaws.com' };

const allowAll = { Sid: 'all', Effect: 'Allow', Principal: '*', Action: 'lambda:*', Resource: '*' };

function document(...statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: statements });
}

function ask(statements: readonly object[], change: Partial<AccessRequest> = {}) {
  const principal = change.principal ?? user;
  const request: AccessRequest = {
    principal,
    action: 'lambda:InvokeFunction',
    resource,
    context: policyContext({ principal, nowMs: Date.UTC(2026, 0, 1) }),
    ...change,
  };
  return evaluatePolicies([parsePolicy(document(...statements), 'resource')], request);
}

function holds(condition: object, context: Record<string, readonly string[]>): boolean {
  return ask([{ ...allowAll, Condition: condition }], { context: new Map(Object.entries(context)) }).allowed;
}

describe('the decision', () => {
  test('names the statement that allows', () => {
    expect(ask([allowAll])).toMatchObject({ allowed: true, statement: { sid: 'all' } });
  });

  test('is the explicit deny wherever it stands, and names it', () => {
    const deny = { ...allowAll, Sid: 'no', Effect: 'Deny' };
    for (const statements of [
      [deny, allowAll],
      [allowAll, deny],
    ]) {
      expect(ask(statements)).toMatchObject({ allowed: false, statement: { sid: 'no', effect: 'Deny' } });
    }
  });

  test('names the absence of a policy and the absence of a matching statement apart', () => {
    const request = { principal: user, action: 'lambda:GetFunction', resource, context: new Map() };
    expect(evaluatePolicies([], request)).toEqual({ allowed: false, decidedBy: 'no-policy' });
    expect(ask([{ ...allowAll, Action: 'lambda:GetFunction' }])).toEqual({
      allowed: false,
      decidedBy: 'no-matching-statement',
    });
  });

  test('adding a deny of everything denies whatever was allowed', () => {
    const statement = fc.record({
      Effect: fc.constantFrom('Allow', 'Deny'),
      Principal: fc.constantFrom<unknown>('*', { AWS: '111111111111' }, { Service: 's3.amazonaws.com' }),
      Action: fc.constantFrom('*', 'lambda:*', 'lambda:Invoke*', 'lambda:GetFunction'),
      Resource: fc.constantFrom('*', resource, `${resource}:live`),
    });
    fc.assert(
      fc.property(fc.array(statement, { minLength: 1, maxLength: 6 }), (statements) => {
        const before = ask(statements);
        const after = ask([...statements, { ...allowAll, Effect: 'Deny' }]);
        expect(after.allowed).toBe(false);
        expect(ask([...statements].reverse()).allowed).toBe(before.allowed);
        if (before.allowed) expect(statements.some((one) => one.Effect === 'Allow')).toBe(true);
      }),
    );
  });
});

describe('principals', () => {
  const session: RequestPrincipal = {
    kind: 'aws',
    account: '111111111111',
    arn: 'arn:aws:sts::111111111111:assumed-role/worker/fn',
  };
  test.each([
    ['everybody', '*', user, true],
    ['everybody, as AWS', { AWS: '*' }, user, true],
    ['nobody without credentials but by *', { AWS: '111111111111' }, { kind: 'anonymous' }, false],
    ['an account by its number', { AWS: '111111111111' }, user, true],
    ['an account by its root', { AWS: 'arn:aws:iam::111111111111:root' }, user, true],
    ['another account', { AWS: 'arn:aws:iam::222222222222:root' }, user, false],
    ['one user', { AWS: ['x', 'arn:aws:iam::111111111111:user/ann'] }, user, true],
    ['another user', { AWS: 'arn:aws:iam::111111111111:user/anne' }, user, false],
    ['a user by wildcard, which AWS does not have', { AWS: 'arn:aws:iam::111111111111:user/*' }, user, false],
    ['a role by its session', { AWS: 'arn:aws:iam::111111111111:role/app/worker' }, session, true],
    ['a session by name', { AWS: session.kind === 'aws' ? session.arn : '' }, session, true],
    ['another role', { AWS: 'arn:aws:iam::111111111111:role/work' }, session, false],
    [
      'the same role name in another account',
      { AWS: 'arn:aws:iam::222222222222:role/worker' },
      session,
      false,
    ],
    ['a service', { Service: 's3.amazonaws.com' }, s3, true],
    ['another service', { Service: 'sns.amazonaws.com' }, s3, false],
    ['an account that is called like a service', { AWS: 's3.amazonaws.com' }, s3, false],
  ] as const)('%s', (_, principal, actual, expected) => {
    expect(ask([{ ...allowAll, Principal: principal }], { principal: actual }).allowed).toBe(expected);
  });

  test('NotPrincipal covers everybody else', () => {
    const statement = { ...allowAll, Principal: undefined, NotPrincipal: { AWS: '111111111111' } };
    expect(ask([statement]).allowed).toBe(false);
    expect(ask([statement], { principal: s3 }).allowed).toBe(true);
  });
});

describe('actions and resources', () => {
  test.each([
    ['lambda:InvokeFunction', true],
    ['lambda:invokefunction', true],
    ['lambda:Invoke*', true],
    ['*', true],
    ['lambda:Invoke?', false],
    ['s3:*', false],
  ])('action %s: %s', (action, expected) => {
    expect(ask([{ ...allowAll, Action: action }]).allowed).toBe(expected);
    expect(ask([{ ...allowAll, Action: undefined, NotAction: [action] }]).allowed).toBe(!expected);
  });

  test.each([
    [resource, true],
    [`${resource}*`, true],
    ['arn:aws:lambda:us-east-?:*:function:fn', true],
    [`${resource}:*`, false],
    [resource.toUpperCase(), false],
  ])('resource %s: %s', (pattern, expected) => {
    expect(ask([{ ...allowAll, Resource: pattern }]).allowed).toBe(expected);
    expect(ask([{ ...allowAll, Resource: undefined, NotResource: pattern }]).allowed).toBe(!expected);
  });
});

describe('conditions', () => {
  const arn = 'arn:aws:s3:::bucket/key';
  test.each<[string, object, Record<string, readonly string[]>, boolean]>([
    [
      'keys in any case',
      { StringEquals: { 'AWS:SourceAccount': '1' } },
      { 'aws:sourceaccount': ['1'] },
      true,
    ],
    ['one of several values', { StringEquals: { k: ['a', 'b'] } }, { k: ['b'] }, true],
    ['an absent key', { StringEquals: { k: 'a' } }, {}, false],
    ['an absent key, IfExists', { StringEqualsIfExists: { k: 'a' } }, {}, true],
    ['a wrong value, IfExists', { StringEqualsIfExists: { k: 'a' } }, { k: ['b'] }, false],
    ['an absent key of a negated operator', { StringNotEquals: { k: 'a' } }, {}, true],
    ['none of several values', { StringNotEquals: { k: ['a', 'b'] } }, { k: ['b'] }, false],
    ['letters of another case', { StringEquals: { k: 'A' } }, { k: ['a'] }, false],
    ['letters of another case, ignored', { StringEqualsIgnoreCase: { k: 'A' } }, { k: ['a'] }, true],
    ['the same, negated', { StringNotEqualsIgnoreCase: { k: 'A' } }, { k: ['a'] }, false],
    ['a wildcard of StringEquals', { StringEquals: { k: 'a*' } }, { k: ['ab'] }, false],
    ['a wildcard of StringLike', { StringLike: { k: 'a*' } }, { k: ['ab'] }, true],
    ['a wildcard of StringNotLike', { StringNotLike: { k: 'a*' } }, { k: ['ab'] }, false],
    ['an ARN', { ArnEquals: { k: 'arn:aws:s3:::bucket/*' } }, { k: [arn] }, true],
    ['an ARN by account', { ArnLike: { k: 'arn:aws:s3:*:*:bucket/*' } }, { k: [arn] }, true],
    ['an ARN of too few parts', { ArnLike: { k: 'arn:*' } }, { k: [arn] }, false],
    ['an ARN, any', { ArnLike: { k: '*' } }, { k: [arn] }, true],
    ['no ARN', { ArnLike: { k: '*' } }, { k: ['bucket'] }, false],
    ['another ARN', { ArnNotLike: { k: 'arn:aws:s3:::other' } }, { k: [arn] }, true],
    ['a number', { NumericEquals: { k: 10 } }, { k: ['10.0'] }, true],
    ['less', { NumericLessThan: { k: '9' } }, { k: ['10'] }, false],
    ['at most', { NumericLessThanEquals: { k: '10' } }, { k: ['10'] }, true],
    ['more', { NumericGreaterThan: { k: '9' } }, { k: ['10'] }, true],
    ['at least', { NumericGreaterThanEquals: { k: '11' } }, { k: ['10'] }, false],
    ['no number', { NumericGreaterThan: { k: '0' } }, { k: ['ten'] }, false],
    ['another number', { NumericNotEquals: { k: '9' } }, { k: ['10'] }, true],
    ['before a date', { DateLessThan: { k: '2027-01-01T00:00:00Z' } }, { k: ['2026-06-01T00:00:00Z'] }, true],
    ['after a date', { DateGreaterThan: { k: '2027-01-01' } }, { k: ['2026-06-01T00:00:00Z'] }, false],
    ['a date of epoch seconds', { DateEquals: { k: '1767225600' } }, { k: ['2026-01-01T00:00:00Z'] }, true],
    ['truth', { Bool: { k: 'true' } }, { k: ['true'] }, true],
    ['untruth', { Bool: { k: true } }, { k: ['false'] }, false],
    ['an address', { IpAddress: { k: ['10.0.0.0/8'] } }, { k: ['10.1.2.3'] }, true],
    ['one address', { IpAddress: { k: '10.1.2.3' } }, { k: ['10.1.2.4'] }, false],
    ['an address elsewhere', { NotIpAddress: { k: '10.0.0.0/8' } }, { k: ['11.1.2.3'] }, true],
    ['an address of version 6', { IpAddress: { k: '2001:db8::/32' } }, { k: ['2001:db8::1'] }, true],
    ['a broken network', { IpAddress: { k: '10.0.0.0/99' } }, { k: ['10.1.2.3'] }, false],
    ['presence', { Null: { k: 'false' } }, { k: ['x'] }, true],
    ['absence', { Null: { k: 'true' } }, { k: ['x'] }, false],
    ['all of them', { 'ForAllValues:StringEquals': { k: ['a', 'b'] } }, { k: ['a', 'b'] }, true],
    ['not all of them', { 'ForAllValues:StringEquals': { k: ['a'] } }, { k: ['a', 'b'] }, false],
    ['all of none', { 'ForAllValues:StringEquals': { k: ['a'] } }, {}, true],
    ['any of them', { 'ForAnyValue:StringLike': { k: ['a*'] } }, { k: ['x', 'ab'] }, true],
    ['any of none', { 'ForAnyValue:StringEquals': { k: ['a'] } }, {}, false],
    ['any but', { 'ForAnyValue:StringNotEquals': { k: ['a'] } }, { k: ['a', 'b'] }, true],
    ['all but', { 'ForAllValues:StringNotEquals': { k: ['a'] } }, { k: ['a', 'b'] }, false],
    ['both operators', { StringEquals: { k: 'a' }, Bool: { b: 'true' } }, { k: ['a'], b: ['false'] }, false],
    ['a variable', { StringEquals: { k: `\${v}` } }, { k: ['a'], v: ['a'] }, true],
    ['a variable whose value is a wildcard', { StringLike: { k: `\${v}` } }, { k: ['a'], v: ['*'] }, false],
    ['a variable without value', { StringLike: { k: `\${v}` } }, { k: [''] }, false],
    ['a variable with a default', { StringEquals: { k: `\${v, 'd'}` } }, { k: ['d'] }, true],
    [
      'a variable inside an ARN',
      { ArnLike: { k: `arn:aws:s3:::\${aws:v}/*` } },
      { k: [arn], 'aws:v': ['bucket'] },
      true,
    ],
  ])('%s', (_, condition, context, expected) => {
    expect(holds(condition, context)).toBe(expected);
  });

  test('a negated operator is the opposite of its plain one wherever the key is present', () => {
    const pairs = [
      ['StringEquals', 'StringNotEquals'],
      ['StringLike', 'StringNotLike'],
      ['ArnLike', 'ArnNotLike'],
      ['NumericEquals', 'NumericNotEquals'],
      ['IpAddress', 'NotIpAddress'],
    ] as const;
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ':', '*', '?', '1', '.'), maxLength: 8 });
    fc.assert(
      fc.property(
        fc.constantFrom(...pairs),
        fc.array(text, { minLength: 1, maxLength: 3 }),
        text,
        (pair, values, value) => {
          const [plain, negated] = pair;
          const context = { k: [value] };
          expect(holds({ [plain]: { k: values } }, context)).toBe(
            !holds({ [negated]: { k: values } }, context),
          );
        },
      ),
    );
  });

  test('the time, the principal and the function URL are among the keys', () => {
    const context = policyContext({
      principal: user,
      nowMs: Date.UTC(2026, 0, 1),
      functionUrlAuthType: 'NONE',
      invokedViaFunctionUrl: true,
    });
    const condition = {
      StringEquals: { 'lambda:FunctionUrlAuthType': 'NONE', 'aws:PrincipalAccount': '111111111111' },
      Bool: { 'lambda:InvokedViaFunctionUrl': 'true' },
      DateLessThan: { 'aws:CurrentTime': '2026-01-02T00:00:00Z' },
    };
    expect(ask([{ ...allowAll, Condition: condition }], { context }).allowed).toBe(true);
  });
});

describe('patterns', () => {
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 12 });
  const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 16 });

  function matches(expected: string, actual: string): boolean {
    const compiled = compilePattern(expected, () => undefined);
    return compiled !== undefined && matchesPattern(compiled, actual);
  }

  test('match as the definition says', () => {
    const covers = (p: string, t: string): boolean => {
      if (p === '') return t === '';
      if (p[0] === '*') return covers(p.slice(1), t) || (t !== '' && covers(p, t.slice(1)));
      return t !== '' && (p[0] === '?' || p[0] === t[0]) && covers(p.slice(1), t.slice(1));
    };
    fc.assert(fc.property(pattern, text, (p, t) => matches(p, t) === covers(p, t)));
  });

  test('of many stars end in bounded work', () => {
    expect(matches(`${'*a'.repeat(5_000)}b`, 'a'.repeat(10_000))).toBe(false);
    expect(matches('a*'.repeat(5_000), 'a'.repeat(10_000))).toBe(true);
  });
});

describe('documents', () => {
  test.each([
    ['no JSON', '{', 'This policy contains invalid Json'],
    ['a list', '[]', 'Syntax errors in policy.'],
    ['an unknown member', document({ ...allowAll, Extra: 1 }), 'Syntax errors in policy.'],
    [
      'another version',
      JSON.stringify({ Version: '2020-01-01', Statement: [allowAll] }),
      'Syntax errors in policy.',
    ],
    ['no statement', document(), 'Syntax errors in policy.'],
    ['no effect', document({ ...allowAll, Effect: 'Maybe' }), 'Syntax errors in policy.'],
    ['no action', document({ ...allowAll, Action: undefined }), 'Policy statement must contain actions.'],
    [
      'no resource',
      document({ ...allowAll, Resource: undefined }),
      'Policy statement must contain resources.',
    ],
    ['no principal', document({ ...allowAll, Principal: undefined }), 'Missing required field Principal'],
    [
      'an unknown operator',
      document({ ...allowAll, Condition: { Like: { k: 'v' } } }),
      'Invalid Condition type : Like.',
    ],
    [
      'the same Sid twice',
      document(allowAll, allowAll),
      'Statement IDs (SID) in a single policy must be unique.',
    ],
  ])('with %s are refused', (_, text, message) => {
    expect(() => parsePolicy(text, 'resource')).toThrow(new PolicySyntaxError(message));
  });

  test('of any JSON are read or refused, never a crash', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        try {
          parsePolicy(text, 'resource');
        } catch (error) {
          expect(error).toBeInstanceOf(PolicySyntaxError);
        }
      }),
    );
  });

  test('a trust policy has principals and no resource, an identity policy the reverse', () => {
    const trust = {
      Effect: 'Allow',
      Principal: { Service: 'lambda.amazonaws.com' },
      Action: 'sts:AssumeRole',
    };
    expect(parsePolicy(document(trust), 'trust').statements).toHaveLength(1);
    expect(() => parsePolicy(document({ ...trust, Resource: '*' }), 'trust')).toThrow(
      'Has prohibited field Resource',
    );
    const identity = { Effect: 'Allow', Action: 's3:*', Resource: '*' };
    expect(parsePolicy(document(identity), 'identity').statements).toHaveLength(1);
    expect(() => parsePolicy(document(allowAll), 'identity')).toThrow('should not specify a principal');
  });
});
