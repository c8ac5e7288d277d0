import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../base/index.ts';
import type { WireRequest } from '../request/http-request.ts';
import { AuthError } from './auth-error.ts';
import { canonicalRequest } from './canonical-request.ts';
import { type CredentialScope, compactTimestamp, type SignatureClaim } from './claim.ts';

const SKEW_MS = 15 * 60_000;
const MOST_DERIVED_KEYS = 1_000;

/** Checks SigV4 signatures; keeps the signing keys that it derived, one per access key, day, region and service. */
export class SignatureVerifier {
  readonly #clock: Clock;
  readonly #derived = new Map<string, KeyObject>();
  #lastTimestamp = { text: '', timeMs: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Returns when the request was signed, whole and in time, with `secret`; throws `AuthError` otherwise.
   * Every body must be signed: `UNSIGNED-PAYLOAD` is for S3.
   */
  verify(claim: SignatureClaim, request: WireRequest, secret: string): void {
    checkTime(claim, this.#signedAtMs(claim.timestamp), this.#clock.nowMs());
    checkSignedHeaders(claim, request);
    const bodyHash = hash('sha256', request.body, 'hex');
    checkPayloadHash(request, bodyHash);
    const canonical = canonicalRequest(request, claim.signedHeaders, bodyHash);
    if (canonical === undefined) throw new AuthError('mismatch');
    const { date, region, service } = claim.scope;
    const toSign = `AWS4-HMAC-SHA256\n${claim.timestamp}\n${date}/${region}/${service}/aws4_request\n${hash('sha256', canonical, 'hex')}`;
    const expected = createHmac('sha256', this.#signingKey(claim.scope, secret)).update(toSign).digest();
    const given = Buffer.from(claim.signature, 'hex');
    if (given.length !== expected.length || !timingSafeEqual(given, expected))
      throw new AuthError('mismatch');
  }

  /** Under load the same second comes thousands of times. */
  #signedAtMs(timestamp: string): number {
    if (this.#lastTimestamp.text !== timestamp) {
      this.#lastTimestamp = { text: timestamp, timeMs: parseTimestamp(timestamp) };
    }
    return this.#lastTimestamp.timeMs;
  }

  #signingKey(scope: CredentialScope, secret: string): KeyObject {
    const name = `${scope.accessKeyId}/${scope.date}/${scope.region}/${scope.service}`;
    const known = this.#derived.get(name);
    if (known) return known;
    if (this.#derived.size >= MOST_DERIVED_KEYS) this.#derived.clear();
    const key = deriveKey(scope, secret);
    this.#derived.set(name, key);
    return key;
  }
}

function deriveKey({ date, region, service }: CredentialScope, secret: string): KeyObject {
  const step = (key: string | Buffer, text: string): Buffer =>
    createHmac('sha256', key).update(text).digest();
  return createSecretKey(step(step(step(step(`AWS4${secret}`, date), region), service), 'aws4_request'));
}

function checkTime(
  { timestamp, scope, expiresSeconds }: SignatureClaim,
  signedMs: number,
  nowMs: number,
): void {
  if (!timestamp.startsWith(scope.date)) {
    throw new AuthError(
      'mismatch',
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${scope.date}' != '${timestamp.slice(0, 8)}', from '${timestamp}'.`,
    );
  }
  const lastMs = signedMs + (expiresSeconds === undefined ? SKEW_MS : expiresSeconds * 1_000);
  if (nowMs > lastMs) {
    const now = compactTimestamp(nowMs);
    const earliest = compactTimestamp(nowMs - (lastMs - signedMs));
    throw new AuthError(
      'mismatch',
      `Signature expired: ${timestamp} is now earlier than ${earliest} (${now} - 15 min.)`,
    );
  }
  if (signedMs > nowMs + SKEW_MS) {
    const now = compactTimestamp(nowMs);
    const latest = compactTimestamp(nowMs + SKEW_MS);
    throw new AuthError(
      'mismatch',
      `Signature not yet current: ${timestamp} is still later than ${latest} (${now} + 15 min.)`,
    );
  }
}

function parseTimestamp(text: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  const timeMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(timeMs)) {
    throw new AuthError('incomplete', `Date must be in ISO-8601 'basic format'. Got '${text.slice(0, 64)}'.`);
  }
  return timeMs;
}

/** What steers the request must be signed, or somebody on the way could change it. */
function checkSignedHeaders({ signedHeaders, presigned }: SignatureClaim, { headers }: WireRequest): void {
  const listed = `;${signedHeaders};`;
  if (!listed.includes(';host;')) {
    throw new AuthError(
      'mismatch',
      "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    );
  }
  for (const name in headers) {
    if (
      name.startsWith('x-amz-') &&
      !listed.includes(`;${name};`) &&
      !(presigned && name === 'x-amz-user-agent')
    ) {
      throw new AuthError('mismatch', `'${name}' must be a 'SignedHeader' in the AWS Authorization.`);
    }
  }
}

function checkPayloadHash({ headers }: WireRequest, bodyHash: string): void {
  const declared = headers['x-amz-content-sha256'];
  if (declared !== undefined && declared !== bodyHash) {
    throw new AuthError(
      'mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  }
}
