import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

/** What the documents point at is there: pages, sections, files, scripts, commands. */
const root = join(import.meta.dirname, '..');

const pages = [
  ...readdirSync(root),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`),
].filter((name) => name.endsWith('.md'));

function read(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}

function all(pattern: RegExp): readonly (readonly [page: string, found: string])[] {
  return pages.flatMap((page) =>
    [...read(page).matchAll(pattern)].map(([, found = '']): [string, string] => [page, found]),
  );
}

test('links lead to pages and sections that are there', () => {
  const links = all(/\]\(([^)\s]+)\)/g).filter(([, link]) => !/^https?:/.test(link));
  expect(links.length).toBeGreaterThan(10);
  const broken = links.filter(([page, link]) => {
    const [path = '', section] = link.split('#');
    const target = path === '' ? page : normalize(join(dirname(page), path));
    if (!existsSync(join(root, target))) return true;
    return section !== undefined && !sectionsOf(read(target)).includes(section);
  });
  expect(broken).toEqual([]);
});

/** As GitHub names headings in addresses. */
function sectionsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

test('files of the repository that are named are there', () => {
  const files = all(/`((?:bench|bin|docs|examples|native|runtimes|scripts|src|tests)\/[\w./-]+)`/g);
  expect(files.length).toBeGreaterThan(5);
  expect(files.filter(([, file]) => !existsSync(join(root, file)))).toEqual([]);
});

test('npm scripts that are named are there', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = all(/\bnpm run (?:-s )?([\w:-]+)/g);
  expect(named.length).toBeGreaterThan(2);
  expect(named.filter(([, name]) => !(name in scripts))).toEqual([]);
});

test('hearth commands that are named are there', () => {
  const commands = new Set(
    readdirSync(join(root, 'src/cli/commands')).map((file) => file.replace(/(\.test)?\.ts$/, '')),
  );
  const named = all(/(?:^|`)hearth ([a-z]+)\b/gm);
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter(([, name]) => !commands.has(name))).toEqual([]);
});
