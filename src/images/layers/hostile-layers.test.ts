import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RawTarEntry, rawTar } from '../../../tests/support/raw-tar.ts';
import { runLayerJob } from './run-layer-job.ts';
import { prepareOwnRoot } from '../../sandbox/index.ts';
import { ImageError } from '../image-error.ts';
import { extractLayer, type LayerFacts } from './extract-layer.ts';
import { folderInside } from './inside-root.ts';
import { stackLayers } from './stack-layers.ts';

let folder: string;
/** Stands beside every root: whoever leaves one finds it. */
let outside: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearth-layers-'));
  outside = join(folder, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'secret'), 'kept');
});

afterEach(() => {
  expect(readdirSync(outside)).toEqual(['secret']);
  expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('kept');
  rmSync(folder, { recursive: true, force: true });
});

async function* inPieces(bytes: Buffer, size = 700): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function extract(
  name: string,
  entries: readonly RawTarEntry[],
): Promise<LayerFacts & { tree: string }> {
  const tree = join(folder, name);
  mkdirSync(tree);
  return { ...(await extractLayer(inPieces(rawTar(entries)), tree)), tree };
}

/** Extracts layers, lowest first, and lays them over one another. */
async function stack(...layers: readonly (readonly RawTarEntry[])[]): Promise<string> {
  const extracted = [];
  for (const [at, entries] of layers.entries()) extracted.push(await extract(`layer-${at}`, entries));
  const root = join(folder, 'root');
  mkdirSync(root);
  stackLayers(extracted, root);
  return root;
}

const file = (name: string, content = name): RawTarEntry => ({ name, content });
const dir = (name: string, mode = 0o755): RawTarEntry => ({ name, type: '5', mode });
const link = (name: string, linkName: string): RawTarEntry => ({ name, type: '2', linkName });
const hardLink = (name: string, linkName: string): RawTarEntry => ({ name, type: '1', linkName });

describe('a layer', () => {
  test.each<readonly [string, readonly RawTarEntry[]]>([
    ['a path that leads up', [file('../outside/new')]],
    ['a path that leads up in its middle', [file('a/../../outside/new')]],
    ['a long name that leads up', [{ ...file('short'), pax: { path: '../outside/new' } }]],
    ['a name with U+0000', [{ ...file('short'), pax: { path: 'a\0b' } }]],
    ['a file below a link to a folder outside', [link('a', '../outside'), file('a/new')]],
    ['a folder below a link', [link('a', '../outside'), dir('a/b')]],
    ['a file below a file', [file('a'), file('a/b')]],
    ['a hard link out of the tree', [hardLink('a', '../outside/secret')]],
    ['a hard link to a folder', [dir('a'), hardLink('b', 'a')]],
    ['a hard link to itself', [hardLink('a', 'a')]],
    ['a whiteout of what has no name', [file('a/.wh.')]],
    ['a whiteout of the folder above', [file('a/.wh...')]],
    ['a file in place of the root', [file('.')]],
    ['a folder and a file under one name', [dir('a'), file('a')]],
    ['a name that is too long', [{ ...file('short'), pax: { path: 'x'.repeat(256) } }]],
    ['a path that is too long', [{ ...file('short'), pax: { path: 'x/'.repeat(2_000) } }]],
    ['a link to nothing', [link('a', '')]],
    ['a sparse file of GNU', [{ name: 'a', type: 'S', claimedBytes: 0 }]],
    ['a sparse file of pax', [{ ...file('a'), pax: { 'GNU.sparse.realsize': '1099511627776' } }]],
    ['a file that claims a terabyte', [{ ...file('a'), pax: { size: '1099511627776' } }]],
    ['a file that is shorter than it claims', [{ name: 'a', content: 'x', claimedBytes: 8_000 }]],
    ['a pax header that lies about its length', [{ name: 'p', type: 'x', content: '99999 path=a\n' }]],
    ['a pax header without end', [{ name: 'p', type: 'x', claimedBytes: 2_000_000 }]],
  ])('with %s is refused', async (_, entries) => {
    await expect(extract('layer', entries)).rejects.toThrow(ImageError);
  });

  test('that is no archive is refused', async () => {
    const tree = join(folder, 'layer');
    mkdirSync(tree);
    await expect(extractLayer(inPieces(Buffer.alloc(4_096, 'x')), tree)).rejects.toThrow(ImageError);
  });

  test('keeps an absolute path, and links that lead out of it, within the root', async () => {
    const { tree } = await extract('layer', [
      file('/etc/passwd'),
      link('host', '/etc'),
      link('up', '../../outside'),
    ]);
    expect(readFileSync(join(tree, 'etc/passwd'), 'utf8')).toBe('/etc/passwd');
    expect(readlinkSync(join(tree, 'host'))).toBe('/etc');
    expect(readlinkSync(join(tree, 'up'))).toBe('../../outside');
  });

  test('loses devices, pipes, and the bits that lend rights; times and other bits stay', async () => {
    const { tree } = await extract('layer', [
      { name: 'null', type: '3' },
      { name: 'disk', type: '4' },
      { name: 'pipe', type: '6' },
      { ...file('sudo'), mode: 0o6755 },
      dir('shared', 0o3777),
      { ...file('private'), mode: 0o600 },
    ]);
    expect(readdirSync(tree).sort()).toEqual(['private', 'shared', 'sudo']);
    expect(statSync(join(tree, 'sudo')).mode & 0o7777).toBe(0o755);
    expect(statSync(join(tree, 'shared')).mode & 0o7777).toBe(0o1777);
    expect(statSync(join(tree, 'private')).mode & 0o7777).toBe(0o600);
    expect(statSync(join(tree, 'sudo')).mtimeMs).toBe(1_700_000_000_000);
  });

  test('has long names by pax and by GNU', async () => {
    const long = `${'d'.repeat(120)}/${'f'.repeat(120)}`;
    const { tree } = await extract('layer', [
      { ...file('x', 'pax'), pax: { path: long } },
      { name: '././@LongLink', type: 'L', content: `${long}-gnu\0` },
      file('x', 'gnu'),
    ]);
    expect(readFileSync(join(tree, long), 'utf8')).toBe('pax');
    expect(readFileSync(join(tree, `${long}-gnu`), 'utf8')).toBe('gnu');
  });

  test('replaces a link by a later file of the same name, and does not write through it', async () => {
    const { tree } = await extract('layer', [link('a', '../outside/secret'), file('a', 'mine')]);
    expect(readFileSync(join(tree, 'a'), 'utf8')).toBe('mine');
    expect(lstatSync(join(tree, 'a')).isFile()).toBe(true);
  });

  test('is unpacked up to what is left of the 10 GB, and no further', async () => {
    const archive = rawTar([file('zeros', '0'.repeat(5_000_000))]);
    const diffHex = createHash('sha256').update(archive).digest('hex');
    const unpack = async (name: string, mostBytes: number): Promise<void> => {
      const job = {
        kind: 'extract',
        folder: join(folder, name),
        compression: 'gzip',
        diffHex,
        mostBytes,
      } as const;
      mkdirSync(job.folder);
      writeFileSync(join(job.folder, 'blob'), gzipSync(archive));
      await runLayerJob(job, new AbortController().signal);
    };
    await expect(unpack('little', archive.length - 1)).rejects.toThrow(`more than ${10 * 1_024 ** 3} bytes`);
    await unpack('enough', archive.length);
    expect(statSync(join(folder, 'enough/root/zeros')).size).toBe(5_000_000);
  });

  test('of any bytes whatever either is extracted or refused, and stays inside', async () => {
    const names = fc.constantFrom(
      'a',
      'a/b',
      '../outside/x',
      '/a',
      'a/../b',
      '.wh.a',
      '.wh..wh..opq',
      'b/',
      './',
      'a/.wh.b',
    );
    const entries = fc.array(
      fc.record({
        name: names,
        type: fc.constantFrom('0', '1', '2', '3', '5', 'L', 'x', 'K', 'g', '7'),
        content: fc.string({ maxLength: 40 }),
        linkName: fc.constantFrom('a', '../outside', '/', 'a/b', '../outside/secret', '.'),
        mode: fc.nat(0o7777),
      }),
      { maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(entries, fc.integer({ min: 1, max: 3 }), async (given, layers) => {
        const made: (LayerFacts & { tree: string })[] = [];
        const root = join(folder, 'root');
        try {
          for (let at = 0; at < layers; at++) made.push(await extract(`layer-${at}`, given.slice(at)));
          mkdirSync(root);
          stackLayers(made, root);
          prepareOwnRoot(root);
        } catch (error) {
          expect(error).toBeInstanceOf(ImageError);
        } finally {
          for (const name of readdirSync(folder)) {
            if (name !== 'outside') rmSync(join(folder, name), { recursive: true, force: true });
          }
        }
        expect(readdirSync(outside)).toEqual(['secret']);
      }),
      { numRuns: 300 },
    );
  });
});

describe('layers over one another', () => {
  test('whiteouts remove what lower layers have, and nothing of their own', async () => {
    const root = await stack(
      [dir('a'), file('a/one'), file('a/two'), dir('b'), file('b/old'), file('c')],
      [file('a/.wh.one'), file('a/three'), file('b/.wh..wh..opq'), file('b/new'), file('.wh.c')],
      [file('c', 'again'), file('a/.wh.absent'), file('.wh..wh.plnk')],
    );
    expect(readdirSync(join(root, 'a')).sort()).toEqual(['three', 'two']);
    expect(readdirSync(join(root, 'b'))).toEqual(['new']);
    expect(readFileSync(join(root, 'c'), 'utf8')).toBe('again');
    expect(readdirSync(root).sort()).toEqual(['a', 'b', 'c']);
  });

  test('a whiteout removes a link, not what it leads to; one below a link removes nothing outside', async () => {
    const root = await stack(
      [link('a', '../outside'), link('b', '../outside')],
      [file('.wh.a'), file('b/.wh.secret'), file('c/.wh..wh..opq')],
    );
    expect(readdirSync(root)).toContain('b');
    expect(existsSync(join(root, 'a'))).toBe(false);
  });

  test('a folder that a layer does not name follows a link below it, within the root', async () => {
    const root = await stack(
      [
        dir('usr'),
        dir('usr/lib'),
        file('usr/lib/old'),
        link('lib', 'usr/lib'),
        link('out', '/../../outside'),
      ],
      [file('lib/new'), file('out/new')],
    );
    expect(readdirSync(join(root, 'usr/lib')).sort()).toEqual(['new', 'old']);
    expect(readlinkSync(join(root, 'lib'))).toBe('usr/lib');
    expect(lstatSync(join(root, 'out')).isDirectory()).toBe(true);
  });

  test('a folder that a layer names takes the place of a link', async () => {
    const root = await stack([link('lib', 'usr/lib')], [dir('lib'), file('lib/new')]);
    expect(lstatSync(join(root, 'lib')).isDirectory()).toBe(true);
  });

  test('a hard link may lead to a file of a lower layer, and to nothing outside', async () => {
    const root = await stack([file('a', 'lower')], [hardLink('b', 'a')]);
    expect(readFileSync(join(root, 'b'), 'utf8')).toBe('lower');
    const other = join(folder, 'other');
    mkdirSync(other);
    const lower = await extract('lower', [link('l', '../outside')]);
    const upper = await extract('upper', [hardLink('b', 'l/secret')]);
    expect(() => stackLayers([lower, upper], other)).toThrow(ImageError);
  });

  test('files are those of the layers, not copies', async () => {
    const root = await stack([file('a')], [file('b')]);
    expect(statSync(join(root, 'a')).ino).toBe(statSync(join(folder, 'layer-0/a')).ino);
    expect(statSync(join(root, 'b')).ino).toBe(statSync(join(folder, 'layer-1/b')).ino);
  });
});

describe('a root', () => {
  test('gets its mount points in place of links, without touching what they lead to', async () => {
    const root = await stack([
      link('etc', '../outside'),
      link('tmp', '../outside'),
      link('run', '../../outside'),
      file('dev'),
    ]);
    prepareOwnRoot(root);
    for (const name of ['etc', 'tmp', 'run', 'run/hearth', 'dev', 'proc']) {
      expect(lstatSync(join(root, name)).isDirectory()).toBe(true);
    }
    expect(lstatSync(join(root, 'etc/hosts')).isFile()).toBe(true);
  });

  test('is what an absolute link, and one that leads too far up, start from', async () => {
    const root = await stack([
      dir('a'),
      dir('a/b'),
      link('abs', '/a/b'),
      link('up', '../../../a'),
      link('loop', 'loop'),
    ]);
    expect(folderInside(root, '/abs')).toBe(join(root, 'a/b'));
    expect(folderInside(root, 'up/b/../..')).toBe(root);
    expect(folderInside(root, '/../../..')).toBe(root);
    expect(folderInside(root, '/loop')).toBeUndefined();
    expect(folderInside(root, '/absent')).toBeUndefined();
  });
});
