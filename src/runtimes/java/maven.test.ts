import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { thisMachine } from '../../../tests/support/interpreters.ts';
import type { Machine } from '../machine.ts';
import { clientMissing, clientOutdated, provisionClient } from './interface-client.ts';
import { fetchArtifact } from './maven.ts';

const folder = mkdtempSync(join(tmpdir(), 'hearth-maven-'));
afterAll(() => rmSync(folder, { recursive: true }));

const CONTENT = Buffer.from('what a jar holds');
const artifact = {
  group: 'com.example',
  name: 'thing',
  version: '1.0',
  sha256Hex: createHash('sha256').update(CONTENT).digest('hex'),
};
const PATH = 'com/example/thing/1.0/thing-1.0.jar';

/** A machine with a home of its own; `settings` is the user's `settings.xml`. */
function machineWith(env: Machine['env'], settings?: string): Machine {
  const home = mkdtempSync(join(folder, 'home-'));
  if (settings !== undefined) write(join(home, '.m2/settings.xml'), settings);
  return { ...thisMachine(join(home, 'runtimes')), home, env };
}

function write(path: string, content: string | Buffer): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that keeps what was asked of it: the URL as it stood in the request, and who asked. */
async function serve(answer: Answer) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { authorization } = request.headers;
    asked.push(authorization === undefined ? `${request.url}` : `${request.url} ${authorization}`);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('no address');
  return { url: `http://127.0.0.1:${address.port}`, asked };
}

const jar: Answer = (_, response) => response.end(CONTENT);

function mirror(url: string, more: string, server = ''): string {
  return `<settings><!-- <mirror><mirrorOf>*</mirrorOf><url>http://commented.invalid</url></mirror> -->
    <servers>${server}</servers>
    <mirrors><mirror><id>ours</id><url>${url}</url>${more}</mirror></mirrors></settings>`;
}

describe('an artifact comes from', () => {
  test('the repository that a variable names', async () => {
    const { url, asked } = await serve(jar);
    const machine = machineWith({ HEARTH_MAVEN_REPOSITORY: `${url}/maven` });
    expect(Buffer.from(await fetchArtifact(machine, artifact))).toEqual(CONTENT);
    expect(asked).toEqual([`/maven/${PATH}`]);
  });

  test.each(['*', 'external:*', 'central', 'other,central', 'external:*,!other'])(
    'a mirror of %s in the settings of Maven',
    async (of) => {
      const { url, asked } = await serve(jar);
      await fetchArtifact(machineWith({}, mirror(url, `<mirrorOf>${of}</mirrorOf>`)), artifact);
      expect(asked).toEqual([`/${PATH}`]);
    },
  );

  test('a mirror with a password, which may be in a variable', async () => {
    const { url, asked } = await serve(jar);
    const server =
      '<server><id>ours</id><username>me</username><password>${env.SECRET}&amp;</password></server>';
    const settings = mirror(url, '<mirrorOf>*</mirrorOf>', server);
    await fetchArtifact(machineWith({ SECRET: 'p' }, settings), artifact);
    expect(asked).toEqual([`/${PATH} Basic ${Buffer.from('me:p&').toString('base64')}`]);
  });

  test.each(['*,!central', 'other'])('no mirror of %s', async (of) => {
    const [mirrored, proxy] = [await serve(jar), await serve((_, response) => response.end())];
    // Maven Central itself is asked, as far as this proxy, which lets nothing through.
    const machine = machineWith(
      { https_proxy: proxy.url },
      mirror(mirrored.url, `<mirrorOf>${of}</mirrorOf>`),
    );
    await expect(fetchArtifact(machine, artifact)).rejects.toThrow(/could not be fetched from https:/);
    expect(mirrored.asked).toEqual([]);
  });

  test('a proxy, where one is set for that host', async () => {
    const [proxy, direct] = [await serve(jar), await serve(jar)];
    const env = { HEARTH_MAVEN_REPOSITORY: 'http://maven.invalid/all', http_proxy: proxy.url };
    await fetchArtifact(machineWith(env), artifact);
    expect(proxy.asked).toEqual([`http://maven.invalid/all/${PATH}`]);
    const excepted = { HEARTH_MAVEN_REPOSITORY: direct.url, http_proxy: proxy.url, no_proxy: '127.0.0.1' };
    await fetchArtifact(machineWith(excepted), artifact);
    expect(proxy.asked).toHaveLength(1);
    expect(direct.asked).toHaveLength(1);
  });

  test('where it was moved to, without the password of the first host', async () => {
    const target = await serve(jar);
    const { url } = await serve((_, response) =>
      response.writeHead(302, { location: `${target.url}/x` }).end(),
    );
    const named = url.replace('//', '//me:secret@');
    await fetchArtifact(machineWith({ HEARTH_MAVEN_REPOSITORY: named }), artifact);
    expect(target.asked).toEqual(['/x']);
  });

  test("Maven's own store, if it holds the very file", async () => {
    const { url, asked } = await serve(jar);
    const machine = machineWith({ HEARTH_MAVEN_REPOSITORY: url });
    const stored = join(machine.home, '.m2/repository', PATH);
    write(stored, 'another file');
    await fetchArtifact(machine, artifact);
    expect(asked).toHaveLength(1);
    write(stored, CONTENT);
    await fetchArtifact(machine, artifact);
    expect(asked).toHaveLength(1);
  });
});

describe('nothing is taken', () => {
  const endless: Answer = (_, response) => {
    const chunk = Buffer.alloc(1_048_576);
    response.on('drain', () => more()).on('error', () => undefined);
    const more = (): void => {
      while (response.write(chunk));
    };
    more();
  };

  test.each<[string, Answer, RegExp]>([
    [
      'that has another content',
      (_, response) => response.end('evil'),
      /not the file that Hearth was tested/,
    ],
    ['that is not there', (_, response) => response.writeHead(404).end(), /127.*: it answered 404/],
    ['that never ends', endless, /larger than 16777216 bytes/],
    [
      'that is moved forever',
      (_, response) => response.writeHead(301, { location: '/' }).end(),
      /redirects again and again/,
    ],
    [
      'that breaks off',
      (_, response) => response.writeHead(200).write('w', () => response.destroy()),
      /abort/,
    ],
  ])('%s', async (_, answer, message) => {
    const { url } = await serve(answer);
    const named = url.replace('//', '//me:secret@');
    const error = await fetchArtifact(machineWith({ HEARTH_MAVEN_REPOSITORY: named }), artifact).catch(
      (caught: unknown) => caught,
    );
    expect(error).toMatchObject({ name: 'CannotAddRuntime', message: expect.stringMatching(message) });
    expect(String(error)).not.toContain('secret');
  });

  test('from an address that is none', async () => {
    const machine = machineWith({ HEARTH_MAVEN_REPOSITORY: 'ftp://x' });
    await expect(fetchArtifact(machine, artifact)).rejects.toThrow('ftp://x is no address');
  });

  test('of a client that does not come whole', async () => {
    const { url } = await serve(jar);
    const machine = machineWith({ HEARTH_MAVEN_REPOSITORY: url });
    const announced: string[] = [];
    await expect(provisionClient(machine, (what) => announced.push(what))).rejects.toThrow(/SHA-256 differs/);
    expect(announced).toEqual([expect.stringMatching(/^aws-lambda-java-core-[\d.]+\.jar \(1 of 5\)$/)]);
    expect(clientMissing(machine)).toBe(true);
    expect(readdirSync(join(machine.runtimesDir, 'var-runtime'))).toEqual([]);
  });
});

test('a client of an earlier Hearth is outdated, none at all is not', async () => {
  const machine = machineWith({});
  expect(await clientOutdated(machine)).toBe(false);
  const earlier = join(machine.runtimesDir, 'var-runtime/java-2.0.0');
  mkdirSync(earlier, { recursive: true });
  expect(existsSync(earlier)).toBe(true);
  expect(await clientOutdated(machine)).toBe(true);
});
