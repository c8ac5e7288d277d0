interface Signed {
  readonly method: string;
  /** Raw, as on the wire. */
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/**
 * The text whose hash is signed (AWS, "Create a signed AWS API request"): the path encoded once more than on the wire,
 * as every service but S3 has it. Undefined when a signed header is not there.
 */
export function canonicalRequest(
  request: Signed,
  signedHeaders: string,
  bodyHash: string,
): string | undefined {
  let headers = '';
  for (const name of signedHeaders.split(';')) {
    const value = request.headers[name];
    if (value === undefined) return undefined;
    headers += `${name}:${collapsed(value)}\n`;
  }
  const { method, path, query } = request;
  return `${method}\n${canonicalPath(path)}\n${canonicalQuery(query)}\n${headers}\n${signedHeaders}\n${bodyHash}`;
}

function collapsed(value: string): string {
  const trimmed = value.trim();
  return trimmed.includes('  ') ? trimmed.replaceAll(/ +/g, ' ') : trimmed;
}

const unreservedPath = /^[A-Za-z0-9\-_.~/]*$/;

function canonicalPath(path: string): string {
  const normal = path.includes('//') || path.includes('/.') ? withoutDots(path) : path;
  return unreservedPath.test(normal) ? normal || '/' : normal.split('/').map(encode).join('/');
}

/** Empty and `.` segments vanish, `..` takes one away, a trailing slash stays (RFC 3986, 6.2.2.3). */
function withoutDots(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  const slash = kept.length > 0 && path.endsWith('/') ? '/' : '';
  return `/${kept.join('/')}${slash}`;
}

function canonicalQuery(query: string): string {
  if (query === '') return '';
  return query
    .split('&')
    .filter((part) => part !== '')
    .map(splitPair)
    .filter(([name]) => name !== 'X-Amz-Signature')
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function splitPair(part: string): [string, string] {
  const equals = part.indexOf('=');
  if (equals < 0) return [encode(decode(part)), ''];
  return [encode(decode(part.slice(0, equals))), encode(decode(part.slice(equals + 1)))];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function decode(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function encode(text: string): string {
  const reserved = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text.toWellFormed()).replaceAll(/[!'()*]/g, reserved);
}
