import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../base/index.ts';
import { ImageError } from '../image-error.ts';
import { imageLimits } from '../image-limits.ts';
import type { ImageReference } from '../image-reference.ts';
import { type Challenge, parseChallenge } from './challenge.ts';
import { ask, readBody } from './http-exchange.ts';
import type { Logins } from './logins.ts';
import { mayLead, type NamedRegistry, registryUrl } from './registry-address.ts';

interface RegistryParts {
  readonly clock: Clock;
  readonly logins: Logins;
  readonly named: NamedRegistry | undefined;
}

const TRIES = 3;
const FIRST_PAUSE_MS = 250;

/**
 * One repository of one registry, as the OCI distribution specification 1.1 has it: anonymous, Basic and Bearer. Whatever
 * fails on the way is tried again twice; what the registry refuses is not.
 */
export class RegistryClient {
  readonly #parts: RegistryParts;
  readonly #base: URL;
  readonly #reference: ImageReference;
  readonly #signal: AbortSignal;
  #authorization: string | undefined;

  constructor(parts: RegistryParts, reference: ImageReference, signal: AbortSignal) {
    this.#parts = parts;
    this.#reference = reference;
    this.#base = registryUrl(reference.host, parts.named);
    this.#signal = signal;
  }

  /** The bytes and the media type of a manifest or index, by tag or `sha256:…`. */
  async manifest(name: string, accept: string): Promise<{ readonly bytes: Buffer; readonly type: string }> {
    return this.#persevere(async () => {
      const answer = await this.#get(`manifests/${name}`, accept);
      const bytes = await readBody(answer, imageLimits.manifestBytes);
      return { bytes, type: (answer.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '' };
    });
  }

  /** Hands the stream of a blob to `read`, again from its start where the connection breaks. */
  blob<T>(digestHex: string, read: (body: IncomingMessage) => Promise<T>): Promise<T> {
    return this.#persevere(async () => {
      const answer = await this.#get(`blobs/sha256:${digestHex}`, '*/*');
      try {
        return await read(answer);
      } finally {
        answer.destroy();
      }
    });
  }

  async #persevere<T>(attempt: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await attempt();
      } catch (error) {
        const again = error instanceof ImageError && error.fault === 'Unreachable' && tries < TRIES;
        if (!again || this.#signal.aborted) throw error;
        await this.#pause(FIRST_PAUSE_MS * 4 ** (tries - 1));
      }
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.setTimer(ms, resolve);
      this.#signal.addEventListener('abort', () => (cancel(), resolve()), { once: true });
    });
  }

  async #get(path: string, accept: string): Promise<IncomingMessage> {
    const url = new URL(`/v2/${this.#reference.repository}/${path}`, this.#base);
    const first = await this.#ask(url, accept);
    if (first.statusCode !== 401) return accepted(first, url);
    const challenge = parseChallenge(first.headers['www-authenticate']);
    first.destroy();
    this.#authorization = await this.#answerTo(challenge);
    return accepted(await this.#ask(url, accept), url);
  }

  #ask(url: URL, accept: string): Promise<IncomingMessage> {
    const authorization = this.#authorization;
    const headers = { accept, 'user-agent': 'hearth', ...(authorization ? { authorization } : {}) };
    return ask({ url, headers, signal: this.#signal });
  }

  async #answerTo(challenge: Challenge | undefined): Promise<string> {
    const login = await this.#parts.logins.find(this.#base.host);
    if (challenge?.scheme === 'bearer') return `Bearer ${await this.#token(challenge, login)}`;
    if (challenge?.scheme === 'basic' && login !== undefined) return basic(login);
    throw denied(this.#base, 'a login is needed');
  }

  async #token(challenge: Challenge & { scheme: 'bearer' }, login: string | undefined): Promise<string> {
    const realm = new URL(challenge.realm);
    if (!mayLead(this.#base, realm))
      throw denied(this.#base, 'tokens come from an address that is not asked');
    if (challenge.service !== undefined) realm.searchParams.set('service', challenge.service);
    realm.searchParams.set('scope', challenge.scope ?? `repository:${this.#reference.repository}:pull`);
    const headers: Record<string, string> = login === undefined ? {} : { authorization: basic(login) };
    const answer = await ask({ url: realm, headers, signal: this.#signal });
    const body = await readBody(accepted(answer, realm), imageLimits.tokenBytes);
    return tokenIn(body.toString('utf8')) ?? deniedThrow(this.#base);
  }
}

function tokenIn(text: string): string | undefined {
  try {
    const answer = Object(JSON.parse(text)) as object;
    const token: unknown = Reflect.get(answer, 'token') ?? Reflect.get(answer, 'access_token');
    return typeof token === 'string' && /^[\x21-\x7e]+$/.test(token) ? token : undefined;
  } catch {
    return undefined;
  }
}

function basic(login: string): string {
  return `Basic ${Buffer.from(login).toString('base64')}`;
}

/** Passes on what the registry gives; everything else in the words of its status. */
function accepted(answer: IncomingMessage, url: URL): IncomingMessage {
  const { statusCode = 0 } = answer;
  if (statusCode === 200) return answer;
  answer.destroy();
  if (statusCode === 404) throw new ImageError('ImageDeleted', `${url.host} has no ${url.pathname}`);
  if (statusCode === 401 || statusCode === 403) throw denied(url, `the registry answers ${statusCode}`);
  throw new ImageError('Unreachable', `${url.host} answers ${statusCode}`);
}

function denied({ host }: URL, why: string): ImageError {
  return new ImageError('ImageAccessDenied', `${host} does not give the image: ${why}`);
}

function deniedThrow(url: URL): never {
  throw denied(url, 'it gave no token');
}
