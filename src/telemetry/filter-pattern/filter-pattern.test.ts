import { describe, expect, test } from 'vitest';
import { parseFilterPattern } from '../index.ts';

describe.each([
  // pattern, messages that pass, messages that do not
  ['', ['anything', ''], []],
  ['ERROR', ['[ERROR 419] MISSING', 'ERRORCODE'], ['error', 'fine']],
  ['ERROR MISSING', ['MISSING and ERROR'], ['ERROR', 'MISSING']],
  ['?ERROR ?WARN', ['ERROR', 'a WARN'], ['INFO']],
  ['ERROR -EXITING', ['[ERROR 400] BAD'], ['[ERROR 400] EXITING', 'BAD']],
  ['-"two words"', ['two', 'words two'], ['a two words b']],
  ['"INTERNAL SERVER ERROR"', ['500 INTERNAL SERVER ERROR'], ['INTERNAL ERROR']],
  ['"say \\"hi\\""', ['I say "hi"'], ['I say hi']],
  ['?ERROR WARN', ['WARN'], ['ERROR']],
  ['"/aws/x-1"', ['at /aws/x-1 now'], ['/aws/x-2']],
] as const)('the pattern %s', (pattern, passing, failing) => {
  const filter = parseFilterPattern(pattern);
  test.each(passing.map((message) => [message]))('passes %j', (message) =>
    expect(filter(message)).toBe(true),
  );
  test.each(failing.map((message) => [message]))('stops %j', (message) =>
    expect(filter(message)).toBe(false),
  );
});

const event = JSON.stringify({
  eventType: 'UpdateTrail',
  ip: '123.123.1.1',
  arr: [1, { deep: 'x' }],
  ms: 112.5,
  code: '404',
  none: null,
  yes: true,
  'a.b': 'dotted',
  'a-b': 1,
});

test.each([
  ['{ $.eventType = "UpdateTrail" }', true],
  ['{ $.eventType = UpdateTrail }', true],
  ['{ $.eventType != "UpdateTrail" }', false],
  ['{$.eventType="Update*"}', true],
  ['{ $.ip = 123.123.* }', true],
  ['{ $.ip != 123.123.* }', false],
  ['{ $.eventType = "*date*ail" }', true],
  ['{ $.eventType = "*date*date*" }', false],
  ['{ $.arr[0] = 1 }', true],
  ['{ $.arr[1].deep = x }', true],
  ['{ $.arr[2] NOT EXISTS }', true],
  ['{ $.ms > 100 && $.ms <= 112.5 }', true],
  ['{ $.ms > 1e3 }', false],
  ['{ $.ms = 112.5 || $.missing = 1 }', true],
  ['{ $.missing != 1 }', false],
  ['{ $.code = 404 }', false],
  ['{ $.code = "404" }', true],
  ['{ $.none IS NULL }', true],
  ['{ $.missing IS NULL }', false],
  ['{ $.yes IS TRUE }', true],
  ['{ $.yes is false }', false],
  ["{ $.['a.b'] = dotted }", true],
  ['{ $.a-b = 1 }', true],
  ['{ ($.ms > 200 || $.yes IS TRUE) && $.code = "404" }', true],
  ['{ $.ms > 200 || $.yes IS TRUE && $.code = "405" }', false],
  ['{ $.toString NOT EXISTS }', true],
] as const)('the JSON pattern %s on an event: %s', (pattern, expected) => {
  expect(parseFilterPattern(pattern)(`${event}\n`)).toBe(expected);
});

test('a message that is not JSON passes no JSON pattern', () => {
  const filter = parseFilterPattern('{ $.a NOT EXISTS }');
  expect([filter('plain'), filter('{"a"'), filter('"text"'), filter('{"b":1}')]).toEqual([
    false,
    false,
    false,
    true,
  ]);
});

test.each([
  ['{ $.a = "x"'],
  ['{ $.a }'],
  ['{ $.a > "x" }'],
  ['{ a = 1 }'],
  ['{ $.a = 1 } x'],
  ['ERR:OR'],
  ['"open'],
])('%s is refused as invalid', (pattern) => {
  expect(() => parseFilterPattern(pattern)).toThrow(expect.objectContaining({ name: 'PatternError' }));
});

test.each([['[ip, user, ...]'], ['%ERR.R%'], ['{ $.a = %x% }'], ['{ $.a[*] = 1 }']])(
  '%s is refused as not implemented',
  (pattern) => {
    expect(() => parseFilterPattern(pattern)).toThrow(
      expect.objectContaining({ name: 'UnsupportedPattern' }),
    );
  },
);
