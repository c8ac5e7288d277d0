import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent, get as getHttp, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, get as getHttps } from 'node:https';
import { join } from 'node:path';
import { CannotAddRuntime } from '../cannot-add-runtime.ts';
import type { Machine } from '../machine.ts';
import { type Artifact, jarOf } from './artifact.ts';

/** Where Maven itself looks when nobody says otherwise. */
const MAVEN_CENTRAL = 'https://repo.maven.apache.org/maven2/';
/** Names another repository; Maven's own settings may name a mirror as well. */
const REPOSITORY_VARIABLE = 'HEARTH_MAVEN_REPOSITORY';

const ARTIFACT_BYTES_MAX = 16 * 1_048_576;
const FETCH_TIMEOUT_MS = 120_000;
const REDIRECTS_MAX = 3;

/**
 * The bytes of an artifact: from Maven's own store in the user's home where it is there already, else over HTTP, without
 * Maven. Rejects with `CannotAddRuntime` on anything but the pinned content.
 */
export async function fetchArtifact(machine: Machine, artifact: Artifact): Promise<Uint8Array> {
  const path = pathOf(artifact);
  const stored = await readFile(join(machine.home, '.m2/repository', path)).catch(() => undefined);
  if (stored && sha256Of(stored) === artifact.sha256Hex) return stored;
  const { base, auth } = repositoryOf(machine);
  const url = new URL(path, base);
  try {
    const bytes = await download(url, { auth, proxyEnv: machine.env, redirects: REDIRECTS_MAX });
    if (sha256Of(bytes) === artifact.sha256Hex) return bytes;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CannotAddRuntime(`${jarOf(artifact)} could not be fetched from ${hostOf(url)}: ${reason}`, {
      cause,
    });
  }
  throw new CannotAddRuntime(
    `${jarOf(artifact)} from ${hostOf(url)} is not the file that Hearth was tested with: its SHA-256 differs.`,
  );
}

function pathOf(artifact: Artifact): string {
  const { group, name, version } = artifact;
  return `${group.replaceAll('.', '/')}/${name}/${version}/${jarOf(artifact)}`;
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Without the user name and password that an address may carry. */
function hostOf({ protocol, host }: URL): string {
  return `${protocol}//${host}`;
}

interface Repository {
  readonly base: URL;
  /** `user:password`. */
  readonly auth: string | undefined;
}

function repositoryOf({ env, home }: Machine): Repository {
  const named = env[REPOSITORY_VARIABLE];
  if (named) return { base: baseOf(named), auth: undefined };
  const mirror = mirrorIn(join(home, '.m2/settings.xml'), env);
  return mirror ?? { base: baseOf(MAVEN_CENTRAL), auth: undefined };
}

function baseOf(address: string): URL {
  const base = URL.parse(address.endsWith('/') ? address : `${address}/`);
  if (base && /^https?:$/.test(base.protocol)) return base;
  throw new CannotAddRuntime(`${address} is no address of a Maven repository: it takes http:// or https://.`);
}

/** The mirror of Maven Central that the user's settings name, with the password of its server. */
function mirrorIn(path: string, env: Machine['env']): Repository | undefined {
  const settings = readSettings(path).replaceAll(/\$\{env\.(\w+)\}/g, (_, name: string) => env[name] ?? '');
  for (const mirror of elements(settings, 'mirror')) {
    const [url, of, id] = ['url', 'mirrorOf', 'id'].map((name) => elements(mirror, name)[0]);
    if (!url || !of || !mirrorsCentral(of) || elements(mirror, 'blocked')[0] === 'true') continue;
    const server = elements(settings, 'server').find((one) => elements(one, 'id')[0] === id) ?? '';
    const [user, password] = ['username', 'password'].map((name) => elements(server, name)[0]);
    return { base: baseOf(url), auth: user === undefined ? undefined : `${user}:${password ?? ''}` };
  }
  return undefined;
}

function readSettings(path: string): string {
  try {
    return readFileSync(path, 'utf8').replaceAll(/<!--[\s\S]*?-->/g, '');
  } catch {
    return '';
  }
}

function elements(xml: string, name: string): readonly string[] {
  const found = xml.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g'));
  return [...found].map(([, content = '']) => decoded(content.trim()));
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

/** Elements within elements stay as they are: their own content is decoded when they are read. */
function decoded(content: string): string {
  if (content.includes('<')) return content;
  return content.replaceAll(/&(\w+);/g, (entity, name: string) => ENTITIES[name] ?? entity);
}

/** Maven's own pattern (`*`, `external:*`, `central`, exceptions with `!`), asked about Maven Central. */
function mirrorsCentral(pattern: string): boolean {
  const parts = pattern.split(',').map((part) => part.trim());
  if (parts.includes('!central')) return false;
  return parts.some((part) => ['*', 'external:*', 'central'].includes(part));
}

interface Request {
  readonly auth: string | undefined;
  readonly proxyEnv: Machine['env'];
  readonly redirects: number;
}

async function download(url: URL, request: Request): Promise<Uint8Array> {
  const response = await responseOf(url, request);
  const { statusCode = 0, headers } = response;
  if (statusCode === 200) return readAll(response);
  response.destroy();
  if (statusCode < 300 || statusCode > 399 || headers.location === undefined) {
    throw new Error(`it answered ${statusCode}`);
  }
  if (request.redirects === 0) throw new Error('it redirects again and again');
  const next = new URL(headers.location, url);
  // A password is for the host that it was given for.
  const auth = next.host === url.host ? request.auth : undefined;
  return download(next, { ...request, auth, redirects: request.redirects - 1 });
}

/** Through the proxy that `https_proxy`, `http_proxy` and `no_proxy` name. */
function responseOf(url: URL, { auth, proxyEnv }: Request): Promise<IncomingMessage> {
  const secure = url.protocol === 'https:';
  const agent = new (secure ? HttpsAgent : HttpAgent)({ proxyEnv, keepAlive: false });
  const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS);
  const options = { agent, signal, ...(auth === undefined ? {} : { auth }) };
  return new Promise((resolve, reject) => {
    (secure ? getHttps : getHttp)(url, options, resolve).on('error', reject);
  });
}

async function readAll(response: AsyncIterable<Buffer>): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += chunk.length;
    if (size > ARTIFACT_BYTES_MAX) throw new Error(`it is larger than ${ARTIFACT_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
