// Prints the rows of SPECIFICATION.md's first table from bench/results/, in the order of the promises.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../bench/results');
const results = readdirSync(folder)
  .filter((name) => /^p\d+\.json$/.test(name))
  .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
  .sort((left, right) => Number(left.promise.slice(1)) - Number(right.promise.slice(1)));
for (const { promise, promised, measured, holds } of results) {
  console.log(`| ${promise} | ${promised} | ${measured} | ${holds ? 'holds' : '**not yet**'} |`);
}
