import {
  AuthError,
  type CredentialScope,
  type Identity,
  parseClaim,
  parseCredential,
  rootIdentity,
  type SessionCredentials,
  type SignatureClaim,
  type SignatureVerifier,
  type WireRequest,
} from '../../aws-protocol/index.ts';

/** What the credentials of a request say, before its body is there. */
export interface Authenticated {
  readonly scope: CredentialScope;
  readonly identity: Identity;
  /** Only with `keys`: what has to be verified once the body is there. */
  readonly proof?: { readonly claim: SignatureClaim; readonly secret: string };
}

/** Long-lived access keys, in memory. */
export interface KnownKeys {
  find(accessKeyId: string): { readonly account: string; readonly secretAccessKey: string } | undefined;
}

interface AuthenticatorNeeds {
  /** `permissive` believes any well-formed credentials; `keys` verifies every signature. */
  readonly mode: 'permissive' | 'keys';
  readonly keys: KnownKeys;
  readonly sessions: SessionCredentials;
  readonly verifier: SignatureVerifier;
}

type Head = Pick<WireRequest, 'headers' | 'query'>;

const DEFAULT_ACCOUNT = '000000000000';
const MOST_REMEMBERED = 1_000;
const SIGNED = 'AWS4-HMAC-SHA256 Credential=';

/** Tells who calls. Throws `AuthError`. */
export class Authenticator {
  readonly #needs: AuthenticatorNeeds;
  /** Permissive only: by the credential as it stands in the header, so that a warm call parses nothing. */
  readonly #remembered = new Map<string, Authenticated>();

  constructor(needs: AuthenticatorNeeds) {
    this.#needs = needs;
  }

  get mode(): 'permissive' | 'keys' {
    return this.#needs.mode;
  }

  authenticate(head: Head): Authenticated {
    return this.#needs.mode === 'keys' ? this.#withProof(head) : this.#believe(head);
  }

  /** Checks the signature over the whole request, where the mode asks for it. */
  verify({ proof }: Authenticated, request: WireRequest): void {
    if (proof) this.#needs.verifier.verify(proof.claim, request, proof.secret);
  }

  /** An account's keys changed, or all of them: believed identities are looked up again. */
  forget(): void {
    this.#remembered.clear();
  }

  #believe({ headers, query }: Head): Authenticated {
    const { authorization } = headers;
    if (authorization?.startsWith(SIGNED)) {
      const end = authorization.indexOf(',', SIGNED.length);
      const credential = authorization.slice(SIGNED.length, end < 0 ? undefined : end);
      const token = headers['x-amz-security-token'];
      const known = this.#remembered.get(token === undefined ? credential : `${credential}\n${token}`);
      return known ?? this.#remember(credential, token);
    }
    const { scope, sessionToken } = parseClaim(headers, query);
    return { scope, identity: this.#believedIdentity(scope.accessKeyId, sessionToken) };
  }

  #remember(credential: string, token: string | undefined): Authenticated {
    const scope = parseCredential(credential);
    const known = { scope, identity: this.#believedIdentity(scope.accessKeyId, token) };
    if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(token === undefined ? credential : `${credential}\n${token}`, known);
    return known;
  }

  /** A session or key that Hearth issued tells its account; so does an access key of twelve digits. */
  #believedIdentity(accessKeyId: string, token: string | undefined): Identity {
    const { sessions, keys } = this.#needs;
    const session = token === undefined ? undefined : sessions.find(accessKeyId, token);
    if (session) return session.identity;
    const key = keys.find(accessKeyId);
    if (key) return rootIdentity(key.account);
    return rootIdentity(/^\d{12}$/.test(accessKeyId) ? accessKeyId : DEFAULT_ACCOUNT);
  }

  #withProof({ headers, query }: Head): Authenticated {
    const claim = parseClaim(headers, query);
    const { scope, sessionToken } = claim;
    if (sessionToken !== undefined) return this.#session(claim, sessionToken);
    const key = this.#needs.keys.find(scope.accessKeyId);
    if (!key) throw new AuthError('unknown-key');
    return { scope, identity: rootIdentity(key.account), proof: { claim, secret: key.secretAccessKey } };
  }

  #session(claim: SignatureClaim, token: string): Authenticated {
    const { sessions } = this.#needs;
    const session = sessions.find(claim.scope.accessKeyId, token);
    if (!session) throw new AuthError('unknown-key');
    if (sessions.isExpired(session)) throw new AuthError('expired-token');
    return {
      scope: claim.scope,
      identity: session.identity,
      proof: { claim, secret: session.secretAccessKey },
    };
  }
}
