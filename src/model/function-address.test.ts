import { expect, test } from 'vitest';
import { parseFunctionName, resolveFunctionName } from './function-address.ts';

const scope = { account: '000000000000', region: 'us-east-1' };

test.each([
  ['fn', { name: 'fn' }],
  ['fn:live', { name: 'fn', qualifier: 'live' }],
  ['function:fn:7', { name: 'fn', qualifier: '7' }],
  ['123456789012:function:fn', { account: '123456789012', name: 'fn' }],
  [
    'arn:aws:lambda:eu-west-1:123456789012:function:fn:$LATEST',
    { account: '123456789012', region: 'eu-west-1', name: 'fn', qualifier: '$LATEST' },
  ],
  [
    'arn:aws:lambda:eu-west-1:123456789012:function',
    { account: '123456789012', region: 'eu-west-1', name: 'function' },
  ],
])('%s is understood', (text, parts) => {
  expect(parseFunctionName(text)).toEqual(parts);
});

test.each(['fn:1:2', 'arn:aws:s3:::bucket', 'fn:$LATES', '', 'a b'])('%j is no function name', (text) => {
  expect(parseFunctionName(text)).toBeUndefined();
});

test('the caller fills in what the name leaves out', () => {
  expect(resolveFunctionName(scope, 'fn')).toEqual({ ...scope, name: 'fn' });
  expect(resolveFunctionName(scope, 'fn:1', '1')).toEqual({ ...scope, name: 'fn', qualifier: '1' });
  expect(resolveFunctionName(scope, '123456789012:function:fn', 'a')).toEqual({
    account: '123456789012',
    region: 'us-east-1',
    name: 'fn',
    qualifier: 'a',
  });
});

test('two different qualifiers, or another region, are refused in the words of AWS', () => {
  expect(() => resolveFunctionName(scope, 'fn:$LATEST', '1')).toThrow(
    'The derived qualifier from the function name does not match the specified qualifier.',
  );
  expect(() => resolveFunctionName(scope, 'arn:aws:lambda:eu-west-1:000000000000:function:fn')).toThrow(
    "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
  );
});
