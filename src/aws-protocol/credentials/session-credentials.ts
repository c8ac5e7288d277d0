import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock, Ids } from '../../base/index.ts';
import { accessKeyId } from './access-key-id.ts';
import type { Identity } from './identity.ts';

/** Whom new session credentials stand for. */
export interface SessionRequest {
  /** `arn:aws:iam::A:role/path/name`. */
  readonly roleArn: string;
  /** Without it one is derived from the ARN. */
  readonly roleId?: string;
  readonly sessionName: string;
  readonly durationMs: number;
}

export interface IssuedCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAtMs: number;
}

/** What a session token proves. */
export interface Session {
  readonly identity: Identity;
  readonly roleArn: string;
  readonly secretAccessKey: string;
  readonly expiresAtMs: number;
}

interface Claims {
  readonly accessKeyId: string;
  readonly roleArn: string;
  readonly roleId: string;
  readonly sessionName: string;
  readonly expiresAtMs: number;
}

const LONGEST_TOKEN_CHARS = 4_096;
const MOST_REMEMBERED = 1_000;

/**
 * Temporary credentials without a table: the token carries its claims, signed with a key of the data folder, and the
 * secret is derived from that key, so that any node with the key verifies them and a restart forgets none.
 */
export class SessionCredentials {
  readonly #key: Uint8Array;
  readonly #clock: Clock;
  readonly #ids: Ids;
  readonly #verified = new Map<string, { readonly claims: Claims; readonly session: Session }>();

  constructor({ masterKey, clock, ids }: { masterKey: Uint8Array; clock: Clock; ids: Ids }) {
    this.#key = masterKey;
    this.#clock = clock;
    this.#ids = ids;
  }

  issue({ roleArn, roleId, sessionName, durationMs }: SessionRequest): IssuedCredentials {
    const claims: Claims = {
      accessKeyId: accessKeyId('ASIA', this.#ids),
      roleArn,
      roleId: roleId ?? roleIdOf(roleArn),
      sessionName,
      expiresAtMs: this.#clock.nowMs() + durationMs,
    };
    const encoded = Buffer.from(JSON.stringify(claims)).toString('base64url');
    return {
      accessKeyId: claims.accessKeyId,
      secretAccessKey: this.#secret(encoded),
      sessionToken: `${encoded}.${this.#mac('session-token', encoded).toString('base64url')}`,
      expiresAtMs: claims.expiresAtMs,
    };
  }

  /** The session that a token proves, expired or not; undefined when Hearth did not issue it for this access key. */
  find(keyId: string, token: string): Session | undefined {
    const known = this.#verified.get(token) ?? this.#verify(token);
    return known?.claims.accessKeyId === keyId ? known.session : undefined;
  }

  isExpired(session: Session): boolean {
    return this.#clock.nowMs() >= session.expiresAtMs;
  }

  #verify(token: string): { readonly claims: Claims; readonly session: Session } | undefined {
    if (token.length > LONGEST_TOKEN_CHARS) return undefined;
    const [encoded = '', mac = ''] = token.split('.');
    const given = Buffer.from(mac, 'base64url');
    const expected = this.#mac('session-token', encoded);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    const claims = JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8')) as Claims;
    const entry = { claims, session: sessionOf(claims, this.#secret(encoded)) };
    if (this.#verified.size >= MOST_REMEMBERED) this.#verified.clear();
    this.#verified.set(token, entry);
    return entry;
  }

  #secret(encoded: string): string {
    return this.#mac('session-secret', encoded).toString('base64').slice(0, 40);
  }

  #mac(purpose: string, text: string): Buffer {
    return createHmac('sha256', this.#key).update(`${purpose}\n${text}`).digest();
  }
}

function sessionOf(claims: Claims, secretAccessKey: string): Session {
  const account = claims.roleArn.split(':')[4] ?? '';
  const roleName = claims.roleArn.split('/').at(-1) ?? '';
  return {
    identity: {
      account,
      arn: `arn:aws:sts::${account}:assumed-role/${roleName}/${claims.sessionName}`,
      userId: `${claims.roleId}:${claims.sessionName}`,
    },
    roleArn: claims.roleArn,
    secretAccessKey,
    expiresAtMs: claims.expiresAtMs,
  };
}

/** The same for the same role on every node. */
function roleIdOf(roleArn: string): string {
  const digest = createHash('sha256').update(roleArn).digest('hex');
  return accessKeyId('AROA', { uuid: () => digest, hex: (length) => digest.slice(0, length) });
}
