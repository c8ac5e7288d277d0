import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  giving,
  ociTypes,
  putImage,
  type RawImage,
  type RawRegistry,
  startRawRegistry,
} from '../../tests/support/raw-registry.ts';
import { rawTar } from '../../tests/support/raw-tar.ts';
import { type CancelTimer, createLog, randomIds, WallClock } from '../base/index.ts';
import { ImageError, PullInterrupted } from './image-error.ts';
import { Images, type ImagesOptions } from './images.ts';

/** Does not pause between two tries; limits stay what they are. */
class HastyClock extends WallClock {
  override setTimer(delayMs: number, fire: () => void): CancelTimer {
    return super.setTimer(delayMs < 10_000 ? 0 : delayMs, fire);
  }
}

const good: RawImage = { layers: [rawTar([{ name: 'a', content: 'one' }])] };

let folder: string;
let registry: RawRegistry;
let images: Images;

function openImages(more: Partial<ImagesOptions> = {}): Promise<Images> {
  return Images.open({
    folder: join(folder, 'images'),
    clock: new HastyClock(),
    ids: randomIds,
    log: createLog('silent'),
    anyLocalRegistry: true,
    dockerConfig: join(folder, 'config.json'),
    ...more,
  });
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hearth-images-'));
  registry = await startRawRegistry();
  images = await openImages();
});

afterEach(async () => {
  await images.close();
  await registry.stop();
  // Nothing half made is left, whatever happened.
  expect(readdirSync(join(folder, 'images/staging'))).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

async function pull(tag = 'good', from = images, trusted = true): Promise<string> {
  const code = await from.resolve(`${registry.host}/app:${tag}`, { trusted });
  await from.ensure(code);
  return (await from.local(code)).root;
}

function fault(name: string): unknown {
  return expect.objectContaining({ name: 'ImageError', fault: name });
}

const stored = (kind: 'images' | 'layers'): readonly string[] => readdirSync(join(folder, 'images', kind));

describe('an image', () => {
  test.each<readonly [string, RawImage]>([
    ['gzip', good],
    [
      'zstd',
      {
        ...good,
        pack: (bytes) => zstdCompressSync(bytes),
        layerType: ociTypes.layer.replace('gzip', 'zstd'),
      },
    ],
    ['no compression', { ...good, pack: (bytes) => bytes, layerType: ociTypes.layer.replace('+gzip', '') }],
    [
      "Docker's types",
      {
        ...good,
        manifestType: 'application/vnd.docker.distribution.manifest.v2+json',
        configType: 'application/vnd.docker.container.image.v1+json',
        layerType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
      },
    ],
  ])('with %s is pulled', async (_, image) => {
    putImage(registry, 'good', image);
    expect(readFileSync(join(await pull(), 'a'), 'utf8')).toBe('one');
  });

  test('of an index is that of this machine; an index without one is refused', async () => {
    const { manifestHex } = putImage(registry, 'mine', good);
    const entry = (architecture: string, hex: string): object => ({
      mediaType: ociTypes.manifest,
      digest: `sha256:${hex}`,
      size: 1,
      platform: { os: 'linux', architecture },
    });
    const index = (entries: readonly object[]): string =>
      JSON.stringify({ schemaVersion: 2, mediaType: ociTypes.index, manifests: entries });
    const machine = process.arch === 'arm64' ? 'arm64' : 'amd64';
    registry.answers.set(
      'manifests/good',
      giving(index([entry('s390x', 'a'.repeat(64)), entry(machine, manifestHex)]), ociTypes.index),
    );
    registry.answers.set('manifests/other', giving(index([entry('s390x', 'a'.repeat(64))]), ociTypes.index));
    expect(readFileSync(join(await pull(), 'a'), 'utf8')).toBe('one');
    await expect(pull('other')).rejects.toThrow('linux/s390x');
  });

  test.each<readonly [string, RawImage]>([
    ['another architecture', { ...good, architecture: 'mips' }],
    ['a manifest of another kind', { ...good, manifestType: 'application/vnd.in-toto+json' }],
    ['a configuration of another kind', { ...good, configType: 'application/vnd.unknown+json' }],
    ['layers of another kind', { ...good, layerType: 'application/vnd.wasm.content.layer.v1+wasm' }],
    ['fewer layers than it says', { ...good, manifest: { layers: [] } }],
    ['layers of more than an image may have', { ...good, manifest: { layers: [huge()] } }],
    ['a thousand layers', { ...good, manifest: { layers: Array.from({ length: 1_000 }, huge) } }],
    ['a digest that is none', { ...good, manifest: { config: { digest: '../../../etc/passwd', size: 1 } } }],
    ['a configuration of U+0000', { ...good, config: { config: { Cmd: ['a\0b'] } } }],
  ])('with %s is refused when it is named', async (_, image) => {
    putImage(registry, 'good', image);
    await expect(images.resolve(`${registry.host}/app:good`, { trusted: true })).rejects.toEqual(
      fault('InvalidImage'),
    );
  });

  test.each<readonly [string, RawImage]>([
    [
      'a layer that is another one unpacked',
      { ...good, config: { rootfs: { diff_ids: [`sha256:${'0'.repeat(64)}`] } } },
    ],
    ['a damaged layer', { ...good, pack: () => Buffer.from('no gzip at all') }],
    [
      'a layer of damaged zstd',
      { ...good, pack: () => Buffer.from('none'), layerType: ociTypes.layer.replace('gzip', 'zstd') },
    ],
    ['a hostile layer', { layers: [rawTar([{ name: '../x', content: 'x' }])] }],
  ])('with %s is refused, and leaves nothing', async (_, image) => {
    putImage(registry, 'good', image);
    await expect(pull()).rejects.toEqual(fault('InvalidImage'));
    expect([...stored('images'), ...stored('layers')]).toEqual([]);
  });

  test('shares its layers with other images of the registry, and none with those of another', async () => {
    const second = rawTar([{ name: 'b', content: 'two' }]);
    putImage(registry, 'good', good);
    putImage(registry, 'more', { layers: [...good.layers, second] });
    await pull();
    const root = await pull('more');
    expect(readdirSync(root)).toEqual(expect.arrayContaining(['a', 'b']));
    expect(stored('layers').length).toBe(2);
    // Another registry names the same digests, and has not got the layers.
    const other = await startRawRegistry();
    try {
      const { layerHexes } = putImage(other, 'good', good);
      for (const hex of layerHexes) other.answers.delete(`blobs/sha256:${hex}`);
      const code = await images.resolve(`${other.host}/app:good`, { trusted: true });
      await expect(images.ensure(code)).rejects.toEqual(fault('ImageDeleted'));
    } finally {
      await other.stop();
    }
  });

  test('is open to the user of a sandbox, and closed to users of the host, whatever the umask', async () => {
    const before = process.umask(0o077);
    try {
      putImage(registry, 'good', { layers: [rawTar([{ name: 'd/a', content: 'x', mode: 0o644 }])] });
      const root = await pull();
      const modes = ['', 'd', 'd/a', 'etc', 'etc/hosts', 'run/hearth/init'].map((path) =>
        modeOf(join(root, path)),
      );
      expect(modes).toEqual(['755', '755', '644', '755', '644', '644']);
      expect(modeOf(join(folder, 'images/images'))).toBe('700');
    } finally {
      process.umask(before);
    }
  });

  test('that two ask for at once is pulled once', async () => {
    const { layerHexes } = putImage(registry, 'good', good);
    const code = await images.resolve(`${registry.host}/app:good`, { trusted: true });
    await Promise.all([images.ensure(code), images.ensure(code), images.ensure(code)]);
    expect(registry.asked.filter((line) => line.includes(layerHexes[0] ?? '?')).length).toBe(1);
  });

  test('goes when nobody refers to it any more, its layers with the last that has them', async () => {
    putImage(registry, 'good', good);
    putImage(registry, 'more', { layers: [...good.layers, rawTar([{ name: 'b' }])] });
    await pull();
    const [kept = ''] = stored('images');
    await pull('more');
    await images.sweep(async () => new Set([kept]));
    expect([stored('images'), stored('layers').length]).toEqual([[kept], 1]);
    await images.sweep(async () => new Set());
    expect([...stored('images'), ...stored('layers')]).toEqual([]);
  });
});

function modeOf(path: string): string {
  return (statSync(path).mode & 0o7777).toString(8);
}

function huge(): object {
  return { mediaType: ociTypes.layer, digest: `sha256:${'0'.repeat(64)}`, size: 11 * 1_024 ** 3 };
}

describe('a registry', () => {
  test('that gives something else than the digest says is not believed', async () => {
    const { manifestHex, configHex, layerHexes } = putImage(registry, 'good', good);
    const other = Buffer.from('{"other":1}');
    for (const path of [
      `blobs/sha256:${layerHexes[0]}`,
      `blobs/sha256:${configHex}`,
      `manifests/sha256:${manifestHex}`,
    ]) {
      const before = registry.answers.get(path);
      registry.answers.set(path, giving(other));
      const uri = `${registry.host}/app@sha256:${manifestHex}`;
      const attempt = images.resolve(uri, { trusted: true }).then((code) => images.ensure(code));
      await expect(attempt).rejects.toEqual(fault('InvalidImage'));
      if (before) registry.answers.set(path, before);
    }
  });

  test.each(['manifests/good', 'config'])('that never ends its %s is left', async (what) => {
    const { configHex } = putImage(registry, 'good', good);
    registry.answers.set(what === 'config' ? `blobs/sha256:${configHex}` : what, (_, response) => {
      const chunk = Buffer.alloc(65_536, ' ');
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more);
      more();
    });
    await expect(pull()).rejects.toEqual(fault('InvalidImage'));
  });

  test('that cuts a layer off is asked again, three times in all', async () => {
    const { layerHexes } = putImage(registry, 'good', good);
    const path = `blobs/sha256:${layerHexes[0]}`;
    const whole = registry.answers.get(path);
    let failures = 2;
    const flaky = (request: IncomingMessage, response: ServerResponse): void => {
      if (failures-- <= 0) return whole?.(request, response);
      response.writeHead(200, { 'content-length': '100000' });
      response.write('x', () => response.destroy());
    };
    registry.answers.set(path, flaky);
    expect(readFileSync(join(await pull(), 'a'), 'utf8')).toBe('one');
  });

  test.each([
    [404, 'ImageDeleted'],
    [403, 'ImageAccessDenied'],
    [401, 'ImageAccessDenied'],
    [400, 'Unreachable'],
  ])('that answers %i means %s', async (status, meaning) => {
    registry.answers.set('manifests/good', (_, response) => response.writeHead(status).end());
    await expect(pull()).rejects.toEqual(fault(meaning));
  });

  test('that is not there is said to be so', async () => {
    await registry.stop();
    await expect(pull()).rejects.toEqual(fault('Unreachable'));
  });

  test.each([
    'http://169.254.169.254/latest',
    'http://example.invalid/',
    'file:///etc/passwd',
    '//[::1',
    'loop',
  ])('that leads to %s is not followed', async (location) => {
    const to = location === 'loop' ? '/v2/app/manifests/good' : location;
    registry.answers.set('manifests/good', (_, response) => response.writeHead(307, { location: to }).end());
    await expect(pull()).rejects.toEqual(fault('Unreachable'));
  });

  test('that leads to another server does not take the login along', async () => {
    const store = await startRawRegistry();
    try {
      const { configHex } = putImage(registry, 'good', good);
      const path = `blobs/sha256:${configHex}`;
      const config = registry.answers.get(path);
      const seen: (string | undefined)[] = [];
      store.answers.set('/elsewhere', (request, response) => {
        seen.push(request.headers.authorization);
        config?.(request, response);
      });
      const location = `http://${store.host}/elsewhere`;
      registry.answers.set(
        path,
        asksForBasic((_, response) => response.writeHead(307, { location }).end()),
      );
      writeFileSync(join(folder, 'config.json'), dockerConfig(registry.host));
      await pull();
      expect(seen).not.toEqual([]);
      expect(seen.every((header) => header === undefined)).toBe(true);
    } finally {
      await store.stop();
    }
  });

  test('gets the login of the operator where it asks for Basic, and nobody else does', async () => {
    putImage(registry, 'good', good);
    const manifest = registry.answers.get('manifests/good');
    registry.answers.set(
      'manifests/good',
      asksForBasic((request, response) => manifest?.(request, response)),
    );
    await expect(pull()).rejects.toEqual(fault('ImageAccessDenied'));
    writeFileSync(join(folder, 'config.json'), dockerConfig('other.example'));
    await expect(pull()).rejects.toEqual(fault('ImageAccessDenied'));
    writeFileSync(join(folder, 'config.json'), dockerConfig(registry.host));
    expect(existsSync(await pull())).toBe(true);
  });

  test('gets a token where it asks for Bearer', async () => {
    putImage(registry, 'good', good);
    const manifest = registry.answers.get('manifests/good');
    const asked: string[] = [];
    registry.answers.set('/token', (request, response) => {
      asked.push(request.url ?? '');
      giving(JSON.stringify({ token: 'abc' }), 'application/json')(request, response);
    });
    registry.answers.set('manifests/good', (request, response) => {
      if (request.headers.authorization === 'Bearer abc') return manifest?.(request, response);
      const challenge = `Bearer realm="http://${registry.host}/token",service="test",scope="repository:app:pull"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
    });
    expect(existsSync(await pull())).toBe(true);
    expect(asked[0]).toBe('/token?service=test&scope=repository%3Aapp%3Apull');
  });

  test.each([
    'Bearer realm="http://169.254.169.254/token"',
    'Bearer realm="not an address"',
    'Bearer',
    `Bearer ${'a="b",'.repeat(2_000)}`,
    'Negotiate',
  ])('that challenges with %s gets nothing', async (challenge) => {
    registry.answers.set('manifests/good', (_, response) =>
      response.writeHead(401, { 'www-authenticate': challenge }).end(),
    );
    await expect(pull()).rejects.toEqual(fault('ImageAccessDenied'));
  });

  test('of this machine is not for functions, nor for strangers, unless the operator named it', async () => {
    putImage(registry, 'good', good);
    await expect(pull('good', images, false)).rejects.toEqual(fault('ImageAccessDenied'));
    const strict = await openImages({ anyLocalRegistry: false });
    await expect(pull('good', strict)).rejects.toEqual(fault('ImageAccessDenied'));
    await expect(strict.resolve('registry.example/a:b', { trusted: false })).rejects.toEqual(
      fault('ImageAccessDenied'),
    );
    expect(registry.asked).toEqual([]);
    await strict.close();
    const named = await openImages({ named: { url: `http://${registry.host}` }, anyLocalRegistry: false });
    expect(existsSync(await pull('good', named, false))).toBe(true);
    const ecr = await named.resolve('123456789012.dkr.ecr.us-east-1.amazonaws.com/app:good', {
      trusted: false,
    });
    expect(ecr.resolvedUri).toMatch(/^123456789012\.dkr\.ecr\.us-east-1\.amazonaws\.com\/app@sha256:/);
    await named.close();
  });

  test("of ECR's names has to be named by the operator", async () => {
    const resolving = images.resolve('123456789012.dkr.ecr.us-east-1.amazonaws.com/app:good', {
      trusted: true,
    });
    await expect(resolving).rejects.toThrow('hearth start --registry');
  });

  test('that is slow does not hold a server up that closes', async () => {
    const { layerHexes } = putImage(registry, 'good', good);
    const asked = Promise.withResolvers<void>();
    registry.answers.set(`blobs/sha256:${layerHexes[0]}`, (_, response) => {
      response.writeHead(200);
      response.write('x');
      asked.resolve();
    });
    const code = await images.resolve(`${registry.host}/app:good`, { trusted: true });
    const pulling = images.ensure(code);
    pulling.catch(() => undefined);
    await asked.promise;
    await images.close();
    await expect(pulling).rejects.toThrow(PullInterrupted);
  });
});

test.each([
  '',
  'UPPER/x',
  'a b',
  'x@sha256:00',
  'x@md5:0',
  'h:99999999/x',
  '../x',
  'x:',
  `x:${'t'.repeat(129)}`,
  'a@b@c',
  '[::1/x',
])("'%s' is no address of an image", async (uri) => {
  await expect(images.resolve(uri, { trusted: true })).rejects.toThrow(ImageError);
});

function dockerConfig(host: string): string {
  return JSON.stringify({ auths: { [host]: { auth: Buffer.from('me:secret').toString('base64') } } });
}

function asksForBasic(then: (request: IncomingMessage, response: ServerResponse) => void) {
  const expected = `Basic ${Buffer.from('me:secret').toString('base64')}`;
  return (request: IncomingMessage, response: ServerResponse): void => {
    if (request.headers.authorization === expected) return then(request, response);
    response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
  };
}
