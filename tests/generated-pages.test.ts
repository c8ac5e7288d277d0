import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resultPages } from '../bench/support/pages.ts';
import { lifeCyclePage } from '../scripts/life-cycle-page.ts';

/** Pages with parts that are made from the code or from results are what they would be if they were made now. */
function read(page: string): string {
  return readFileSync(join(import.meta.dirname, '..', page), 'utf8');
}

test('docs/life-cycle.md has the life cycle of the code; `npm run life-cycle` brings it up to date', () => {
  const page = read('docs/life-cycle.md');
  expect(page).toBe(lifeCyclePage(page));
});

test.each(Object.entries(resultPages()))(
  '%s shows the results in bench/results; `npm run bench -- pages` brings it up to date',
  (page, text) => {
    expect(read(page)).toBe(text);
  },
);
