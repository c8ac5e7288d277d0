import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { diagnoseJson } from './diagnose-json.ts';

const place = (line: number, column: number): string =>
  `\n at [Source: REDACTED (\`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION\` disabled); line: ${line}, column: ${column}]`;

test.each([
  [
    'notjson',
    `Unrecognized token 'notjson': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')${place(1, 8)}`,
  ],
  ['{"a":', `Unexpected end-of-input within/between Object entries${place(1, 6)}`],
  [
    '[1,]',
    `Unexpected character (']' (code 93)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')${place(1, 5)}`,
  ],
  [
    '{a:1}',
    `Unexpected character ('a' (code 97)): was expecting double-quote to start field name${place(1, 3)}`,
  ],
  [
    '{"a" 1}',
    `Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value${place(1, 7)}`,
  ],
  [
    '{"a":1\n"b"}',
    `Unexpected character ('"' (code 34)): was expecting comma to separate Object entries${place(2, 2)}`,
  ],
  ['"abc', `Unexpected end-of-input: was expecting closing quote for a string value${place(1, 5)}`],
])('%j is diagnosed in the words of the parser behind AWS', (text, message) => {
  expect(diagnoseJson(Buffer.from(text))).toBe(message);
});

test('a byte that starts no UTF-8 character is named', () => {
  expect(diagnoseJson(Buffer.from([0x22, 0xef, 0xbf, 0xbd, 0xa7, 0x22]))).toBe(
    `Invalid UTF-8 start byte 0xa7${place(1, 5)}`,
  );
});

test('whatever JSON.parse refuses gets a diagnosis that names a place', () => {
  const damaged = fc
    .tuple(fc.json(), fc.nat(), fc.string({ maxLength: 3 }))
    .map(([json, at, junk]) => json.slice(0, at % (json.length + 1)) + junk);
  fc.assert(
    fc.property(damaged, (text) => {
      try {
        JSON.parse(text);
      } catch {
        expect(diagnoseJson(Buffer.from(text))).toMatch(/^\S.*\n at \[Source: .* column: \d+\]$/s);
      }
    }),
    { numRuns: 2_000 },
  );
});
