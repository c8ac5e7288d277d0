import { execFileSync } from 'node:child_process';
import {
  type Dirent,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RawEntry, rawZip } from '../../../tests/support/raw-zip.ts';
import { extractZip } from './extract.ts';
import { checkLinksInside } from './links-inside.ts';
import { planZip, ZipRejected } from './zip-plan.ts';
import { readZipDirectory } from './zip-directory.ts';

let folder: string;
let made = 0;

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'hearth-hostile-')));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Extracts into `<case>/root`, beside a file that nothing may touch; answers what came of it. */
async function extract(
  zip: Buffer,
): Promise<{ readonly outcome: 'taken' | 'refused'; readonly home: string }> {
  const home = join(folder, String(made++));
  mkdirSync(join(home, 'root'), { recursive: true });
  writeFileSync(join(home, 'beside'), 'untouched');
  try {
    await extractZip(zip, join(home, 'root'));
    return { outcome: 'taken', home };
  } catch (error) {
    if (error instanceof ZipRejected) return { outcome: 'refused', home };
    throw error;
  }
}

/** Whatever became of it: nothing stands beside the root, and no link in it leads out. */
function expectContained(home: string): void {
  expect(readdirSync(home).sort()).toEqual(['beside', 'root']);
  for (const item of walk(join(home, 'root'))) {
    const path = join(item.parentPath, item.name);
    expect(lstatSync(path).mode & 0o7000).toBe(0);
    expect(item.isFile() || item.isDirectory() || item.isSymbolicLink()).toBe(true);
    if (item.isSymbolicLink()) expect(`${resolvesTo(path)}/`).toContain(`${home}/root/`);
  }
}

/** Node's own recursive reading would follow links. */
function walk(path: string): readonly Dirent[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((item) => [
    item,
    ...(item.isDirectory() ? walk(join(path, item.name)) : []),
  ]);
}

function resolvesTo(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // Leads nowhere, or in circles: harmless.
    return path;
  }
}

const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const link = (name: string, target: string): RawEntry => ({ name, data: text(target), mode: 0o120777 });
const file = (name: string): RawEntry => ({ name, data: text('x') });

describe('refused', () => {
  test.each<[string, readonly RawEntry[]]>([
    ['nothing inside', []],
    ['a path above', [file('../evil')]],
    ['a path above, further in', [file('a/../../evil')]],
    ['an absolute path', [file('/evil')]],
    ['a drive', [file('C:/evil')]],
    ['a NUL', [file('a\0b')]],
    ['an empty name', [file('')]],
    ['an empty part', [file('a//b')]],
    ['a name beyond 255 bytes', [file('x'.repeat(256))]],
    ['a file twice', [file('a'), file('a')]],
    ['a file twice, once with a dot', [file('a'), file('./a')]],
    ['a file that is a folder too', [file('a'), file('a/b')]],
    ['a folder that is a file too', [file('a/b'), file('a')]],
    ['a link that is a folder too', [link('a', '/etc'), file('a/passwd')]],
    ['an absolute link', [link('a', '/etc/passwd')]],
    ['a link above', [link('a', '../evil')]],
    ['links that are above together', [link('d/e/up', '../..'), link('out', 'd/e/up/..')]],
    ['an empty link', [link('a', '')]],
    ['a link with NUL', [link('a', 'b\0')]],
    ['a device', [{ name: 'null', mode: 0o020666 }]],
    ['a pipe', [{ name: 'pipe', mode: 0o010666 }]],
    ['a socket', [{ name: 'socket', mode: 0o140666 }]],
    ['an encrypted file', [{ ...file('a'), flags: 0x801 }]],
    ['an unknown method', [{ ...file('a'), method: 12 }]],
    ['a wrong checksum', [{ ...file('a'), declaredCrc: 1 }]],
    ['a size too small', [{ name: 'a', data: text('xyz'), declaredBytes: 2 }]],
    ['a size too big', [{ name: 'a', data: text('xyz'), declaredBytes: 4 }]],
    ['a ratio that cannot be', [{ ...file('a'), declaredBytes: 100_000 }]],
    [
      'data beyond the end',
      [{ ...file('a'), method: 0, declaredBytes: 5_000, declaredCompressedBytes: 5_000 }],
    ],
    ['a header beyond the end', [{ ...file('a'), headerOffset: 1_000_000 }]],
  ])('%s', async (_, entries) => {
    const { outcome, home } = await extract(rawZip(entries));
    expect(outcome).toBe('refused');
    expectContained(home);
  });

  test('a bomb of overlapping entries, by its declared sum, before anything is written', async () => {
    const data = new Uint8Array(20_000_000);
    const entries = Array.from({ length: 20 }, (_, index) => ({
      name: String(index),
      data,
      headerOffset: 0,
    }));
    const directory = readZipDirectory(
      rawZip(entries.map((entry) => ({ ...entry, data: data.subarray(0, 1_000) }))),
    );
    const lying = (await directory).map((entry) => ({
      ...entry,
      bytes: data.length,
      compressedBytes: 20_000,
    }));
    expect(() => planZip(lying)).toThrow(expect.objectContaining({ refusal: 'too-large' }));
  });

  test('names that would make millions of folders', () => {
    const deep = (index: number): string => `${index}/${'a/'.repeat(500)}`;
    const entry = { compressedBytes: 0, bytes: 0, crc32: 0, method: 0, encrypted: false, headerOffset: 0 };
    const entries = Array.from({ length: 1_000 }, (_, index) => ({
      ...entry,
      name: deep(index),
      unixMode: 0o040755,
      modifiedMs: 0,
    }));
    expect(() => planZip(entries)).toThrow('too many entries');
  });

  test('a web of links that would take forever to follow', () => {
    const long = (index: number): string => `${'./'.repeat(400)}l${index + 1}`;
    const targets = new Map(Array.from({ length: 5_000 }, (_, index) => [`l${index}`, long(index)]));
    expect(() => checkLinksInside(targets)).toThrow('too many links to follow');
  });
});

test('links inside are kept: to files, folders, one another, and to nowhere', async () => {
  const { outcome, home } = await extract(
    rawZip([
      file('lib/real.so.1'),
      link('lib/real.so', 'real.so.1'),
      link('here', 'lib'),
      link('deep/down/up', '../../lib/real.so'),
      link('nowhere', 'missing/file'),
      link('round', 'round'),
    ]),
  );
  expect(outcome).toBe('taken');
  expectContained(home);
  expect(realpathSync(join(home, 'root/deep/down/up'))).toBe(join(home, 'root/lib/real.so.1'));
});

test('100,000 files are taken', async () => {
  const names = Array.from({ length: 100_000 }, (_, index) => `folder${index % 300}/file${index}`);
  const zip = execFileSync(
    'python3',
    [
      '-c',
      `import sys, io, zipfile
out = io.BytesIO()
with zipfile.ZipFile(out, 'w') as archive:
    for name in sys.stdin.read().split(): archive.writestr(name, b'x')
sys.stdout.buffer.write(out.getvalue())`,
    ],
    { input: names.join('\n'), maxBuffer: 50_000_000 },
  );
  const { outcome, home } = await extract(zip);
  expect(outcome).toBe('taken');
  expect(readdirSync(join(home, 'root'))).toHaveLength(300);
}, 180_000);

const part = fc.constantFrom('a', 'b', 'c', '..', '.', '', 'a\0', '\\', '/', 'x'.repeat(300), 'é', '\u202e');
const path = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
const mode = fc.constantFrom(0o100644, 0o100755, 0o104755, 0o120777, 0o040755, 0o020666, 0, 0o777);
const lie = fc.integer({ min: 0, max: 0xffff_ffff });
const entry: fc.Arbitrary<RawEntry> = fc.record(
  {
    name: fc.tuple(path, fc.boolean()).map(([name, slash]) => (slash ? `${name}/` : name)),
    data: fc.oneof(path.map(text), fc.uint8Array({ maxLength: 64 })),
    method: fc.constantFrom(0, 8, 8, 8, 99),
    mode,
    declaredBytes: lie,
    declaredCompressedBytes: lie,
    declaredCrc: lie,
    headerOffset: lie,
  },
  { requiredKeys: ['name', 'data', 'mode'] },
);
const plainEntry: fc.Arbitrary<RawEntry> = fc.record({
  name: fc
    .array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.join('/')),
  data: fc
    .array(fc.constantFrom('a', 'b', '..', '.'), { minLength: 1, maxLength: 5 })
    .map((parts) => text(parts.join('/'))),
  mode: fc.constantFrom(0o100644, 0o104755, 0o120777),
});

test('whatever a zip holds, it is refused or stays inside', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(entry, plainEntry), { maxLength: 8 }), async (entries) => {
      const { home } = await extract(rawZip(entries));
      expectContained(home);
      rmSync(home, { recursive: true });
    }),
    { numRuns: 400 },
  );
});

test('links among folders and files, chained at random, never lead out', async () => {
  const outcomes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(plainEntry, { minLength: 1, maxLength: 5 }), async (entries) => {
      const { outcome, home } = await extract(rawZip(entries));
      outcomes.add(outcome);
      expectContained(home);
      rmSync(home, { recursive: true });
    }),
    { numRuns: 400 },
  );
  expect(outcomes).toEqual(new Set(['taken', 'refused']));
});

test('a damaged zip is refused or stays inside', async () => {
  const whole = rawZip([
    file('a/b'),
    { name: 'c', data: new Uint8Array(5_000) },
    link('l', 'a/b'),
    file('d'),
  ]);
  const damage = fc.record({
    at: fc.nat(whole.length - 1),
    to: fc.nat(255),
    cut: fc.option(fc.nat(whole.length), { nil: whole.length }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 4 }), async (damages) => {
      const zip = Buffer.from(whole);
      for (const { at, to } of damages) zip[at] = to;
      const { home } = await extract(zip.subarray(0, Math.min(...damages.map(({ cut }) => cut))));
      expectContained(home);
      rmSync(home, { recursive: true });
    }),
    { numRuns: 400 },
  );
});
