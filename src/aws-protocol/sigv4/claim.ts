import { AuthError } from './auth-error.ts';

/** `AKID/20260101/us-east-1/lambda/aws4_request`, taken apart. */
export interface CredentialScope {
  readonly accessKeyId: string;
  /** `YYYYMMDD`. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

/** What a request says about its own signature, in its header or (presigned) in its query string. */
export interface SignatureClaim {
  readonly scope: CredentialScope;
  /** Lower-case names joined by semicolons, as signed. */
  readonly signedHeaders: string;
  /** 64 hexadecimal digits. */
  readonly signature: string;
  /** `YYYYMMDDTHHMMSSZ`. */
  readonly timestamp: string;
  readonly sessionToken?: string;
  /** Only presigned: how long after `timestamp` it may be used. */
  readonly expiresSeconds?: number;
  readonly presigned: boolean;
}

type Headers = Readonly<Record<string, string | undefined>>;

const ALGORITHM = 'AWS4-HMAC-SHA256';
const LONGEST_PRESIGNED_SECONDS = 604_800;

/** Reads header or query string; throws `AuthError` (missing, incomplete). Verifies nothing. */
export function parseClaim(headers: Headers, query: string): SignatureClaim {
  const { authorization } = headers;
  if (authorization) return headerClaim(authorization, headers);
  if (query.includes('X-Amz-Signature=')) return presignedClaim(new URLSearchParams(query));
  throw new AuthError('missing');
}

/** Takes `A/B/C/D/aws4_request` apart; each part is checked, since region and account become parts of names. */
export function parseCredential(credential: string): CredentialScope {
  const parts = credential.split('/');
  const [accessKeyId = '', date = '', region = '', service = '', terminator] = parts;
  if (parts.length !== 5) {
    throw new AuthError(
      'incomplete',
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential.slice(0, 256)}'`,
    );
  }
  if (terminator !== 'aws4_request') {
    throw new AuthError('mismatch', "Credential should be scoped with a valid terminator: 'aws4_request'.");
  }
  const wellFormed =
    /^[\w.-]{1,128}$/.test(accessKeyId) &&
    /^\d{8}$/.test(date) &&
    /^[a-z0-9-]{1,32}$/.test(region) &&
    /^[a-z0-9-]{1,32}$/.test(service);
  if (!wellFormed) throw new AuthError('incomplete', 'Credential is not well-formed.');
  return { accessKeyId, date, region, service };
}

function headerClaim(authorization: string, headers: Headers): SignatureClaim {
  if (!authorization.startsWith(`${ALGORITHM} `)) {
    throw new AuthError('incomplete', `Authorization header must use the algorithm ${ALGORITHM}.`);
  }
  const credential = field(authorization, 'Credential');
  const signedHeaders = field(authorization, 'SignedHeaders');
  const signature = field(authorization, 'Signature');
  if (credential === undefined || signedHeaders === undefined || signature === undefined) {
    throw absentFields({ Credential: credential, Signature: signature, SignedHeaders: signedHeaders });
  }
  const token = headers['x-amz-security-token'];
  return {
    scope: parseCredential(credential),
    signedHeaders,
    signature,
    timestamp: headerTimestamp(headers),
    ...(token !== undefined && { sessionToken: token }),
    presigned: false,
  };
}

/** The value of `name=value` among the comma-separated fields after the algorithm. */
function field(authorization: string, name: string): string | undefined {
  let start = authorization.indexOf(`${name}=`, ALGORITHM.length);
  while (start > 0 && !' ,'.includes(authorization.charAt(start - 1))) {
    start = authorization.indexOf(`${name}=`, start + 1);
  }
  if (start < 0) return undefined;
  const end = authorization.indexOf(',', start);
  return authorization.slice(start + name.length + 1, end < 0 ? undefined : end).trim();
}

function absentFields(fields: Readonly<Record<string, string | undefined>>): AuthError {
  const absent = Object.keys(fields).filter((name) => fields[name] === undefined);
  const sentences = absent.map((name) => `Authorization header requires '${name}' parameter.`);
  return new AuthError('incomplete', sentences.join(' '));
}

function headerTimestamp(headers: Headers): string {
  const amzDate = headers['x-amz-date'];
  if (amzDate !== undefined) return amzDate;
  const date = new Date(headers['date'] ?? '');
  if (Number.isNaN(date.getTime())) {
    throw new AuthError(
      'incomplete',
      "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
    );
  }
  return compactTimestamp(date.getTime());
}

function presignedClaim(query: URLSearchParams): SignatureClaim {
  if (query.get('X-Amz-Algorithm') !== ALGORITHM) {
    throw new AuthError('incomplete', `Query string must use the algorithm ${ALGORITHM}.`);
  }
  const expires = query.get('X-Amz-Expires') ?? '900';
  if (!/^\d{1,6}$/.test(expires) || Number(expires) > LONGEST_PRESIGNED_SECONDS) {
    throw new AuthError('incomplete', 'X-Amz-Expires must be a number of seconds of at most a week.');
  }
  const token = query.get('X-Amz-Security-Token');
  return {
    scope: parseCredential(query.get('X-Amz-Credential') ?? ''),
    signedHeaders: query.get('X-Amz-SignedHeaders') ?? '',
    signature: query.get('X-Amz-Signature') ?? '',
    timestamp: query.get('X-Amz-Date') ?? '',
    expiresSeconds: Number(expires),
    ...(token !== null && { sessionToken: token }),
    presigned: true,
  };
}

/** `YYYYMMDDTHHMMSSZ`. */
export function compactTimestamp(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}
