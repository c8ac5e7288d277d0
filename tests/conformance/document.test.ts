import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { conformancePage } from '../../scripts/conformance-page.ts';
import { root } from '../support/hearth.ts';

test('CONFORMANCE.md says what the code and the tests say; `npm run conformance` brings it up to date', () => {
  expect(readFileSync(join(root, 'CONFORMANCE.md'), 'utf8')).toBe(conformancePage());
});
