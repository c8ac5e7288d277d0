import type { HttpLimits } from './limits.ts';

export interface RequestHead {
  readonly method: string;
  readonly target: string;
  /** Names in lower case; a repeated name keeps its first value. */
  readonly headers: ReadonlyMap<string, string>;
  readonly keepAlive: boolean;
  readonly expectsContinue: boolean;
  /** How the body is framed: a length in bytes (0: none), or `chunked`. */
  readonly body: number | 'chunked';
}

/** A request that is not HTTP/1.1 as RFC 9112 writes it; the connection cannot be used any further. */
export interface Malformed {
  readonly status: 400 | 413 | 431 | 501 | 505;
  readonly reason: string;
}

const REQUEST_LINE = /^([A-Z]{1,16}) ([!-~]{1,8192}) HTTP\/1\.([01])$/;
const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// oxlint-disable-next-line no-control-regex -- control characters are what a field must not carry (RFC 9110, 5.5)
const FIELD_CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f]/;
const CONTENT_LENGTH = /^\d{1,12}$/;

/** Reads a head without its closing empty line. Strict: no folded lines, no second length, no unknown coding. */
export function parseRequestHead(text: string, limits: HttpLimits): RequestHead | Malformed {
  const lines = text.split('\r\n');
  if (lines.length - 1 > limits.headers) return { status: 431, reason: 'Too many header fields' };
  const requestLine = REQUEST_LINE.exec(lines[0] ?? '');
  if (!requestLine) return malformedRequestLine(lines[0] ?? '');
  const headers = parseHeaders(lines);
  if (!(headers instanceof Map)) return headers;
  const body = bodyFraming(headers);
  if (typeof body === 'object') return body;
  const [, method = '', target = '', minor] = requestLine;
  return {
    method,
    target,
    headers,
    keepAlive: keepsAlive(headers.get('connection'), minor === '1'),
    expectsContinue: headers.get('expect')?.toLowerCase() === '100-continue',
    body,
  };
}

function malformedRequestLine(line: string): Malformed {
  return / HTTP\/\d+(\.\d+)?$/.test(line) && !/ HTTP\/1\.[01]$/.test(line)
    ? { status: 505, reason: 'Only HTTP/1.0 and HTTP/1.1 are spoken here' }
    : { status: 400, reason: 'Malformed request line' };
}

function parseHeaders(lines: readonly string[]): Map<string, string> | Malformed {
  const headers = new Map<string, string>();
  for (let index = 1; index < lines.length; index++) {
    const field = parseField(lines[index] ?? '');
    if (!field) return { status: 400, reason: 'Malformed header field' };
    const { name, value } = field;
    const earlier = headers.get(name);
    if (earlier === undefined) headers.set(name, value);
    else if (name === 'transfer-encoding' || (name === 'content-length' && earlier !== value)) {
      return { status: 400, reason: `Conflicting ${name} fields` };
    }
  }
  return headers;
}

/**
 * One line of the head. No regular expression looks at the value as a whole: trimming with one takes time in the cube of
 * its length, and a head of blanks could keep the server busy for hours.
 */
export function parseField(line: string): { readonly name: string; readonly value: string } | undefined {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(0, colon));
  if (!FIELD_NAME.test(name) || FIELD_CONTROL.test(line)) return undefined;
  let [from, to] = [colon + 1, line.length];
  while (from < to && isBlank(line, from)) from++;
  while (to > from && isBlank(line, to - 1)) to--;
  return { name: name.toLowerCase(), value: line.slice(from, to) };
}

function isBlank(line: string, at: number): boolean {
  return line[at] === ' ' || line[at] === '\t';
}

function bodyFraming(headers: ReadonlyMap<string, string>): number | 'chunked' | Malformed {
  const length = headers.get('content-length');
  const coding = headers.get('transfer-encoding');
  if (coding !== undefined) {
    if (length !== undefined) return { status: 400, reason: 'Both content-length and transfer-encoding' };
    return coding.toLowerCase() === 'chunked'
      ? 'chunked'
      : { status: 501, reason: 'Unknown transfer-encoding' };
  }
  if (length === undefined) return 0;
  return CONTENT_LENGTH.test(length) ? Number(length) : { status: 400, reason: 'Malformed content-length' };
}

function keepsAlive(connection: string | undefined, isHttp11: boolean): boolean {
  if (connection === undefined) return isHttp11;
  const options = connection.toLowerCase();
  return isHttp11 ? !options.includes('close') : options.includes('keep-alive');
}
