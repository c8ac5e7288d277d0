/** A whole Invoke in HTTP's plainest form, as the SDKs send it. */
export interface PlainRequest {
  /** Raw. */
  readonly path: string;
  /** Without its question mark. */
  readonly query: string;
  /** Names in lower case, none twice. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** A view of the bytes that were read. */
  readonly payload: Buffer;
  /** Where the next request begins. */
  readonly end: number;
}

const START = 'POST /2015-03-31/functions/';
const HEAD_BYTES = 16_384;
const HEAD_END = '\r\n\r\n';
/** Each field on a line of printable ASCII, no field folded; linear in its length, since no part can match another's text. */
const PLAIN_HEAD = /^POST [!-~]+ HTTP\/1\.1\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[ -~]*\r\n)+$/;
const PLAIN_LENGTH = /^\d{1,5}$/;
/** What changes how a request is framed or answered, and what a browser's page sends. */
const NOT_PLAIN = [
  'transfer-encoding',
  'expect',
  'upgrade',
  'trailer',
  'origin',
  'sec-fetch-site',
  'x-hearth-trace',
] as const;

/** The request at the start of `bytes`; undefined where it is not whole or not plain, be it right or wrong. */
export function readPlainRequest(bytes: Buffer): PlainRequest | undefined {
  const text = bytes.toString('latin1', 0, Math.min(bytes.length, HEAD_BYTES));
  if (!text.startsWith(START)) return undefined;
  const headEnd = text.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const head = text.slice(0, headEnd + 2);
  if (!PLAIN_HEAD.test(head)) return undefined;
  const headers = readFields(head);
  const length = headers ? plainLength(headers) : undefined;
  if (headers === undefined || length === undefined) return undefined;
  const start = headEnd + HEAD_END.length;
  const end = start + length;
  if (end > bytes.length) return undefined;
  const target = head.slice('POST '.length, head.indexOf(' ', 'POST '.length));
  const mark = target.indexOf('?');
  return {
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? '' : target.slice(mark + 1),
    headers,
    payload: bytes.subarray(start, end),
    end,
  };
}

function readFields(head: string): Record<string, string | undefined> | undefined {
  const headers: Record<string, string | undefined> = Object.create(null);
  for (let from = head.indexOf('\r\n') + 2; from < head.length; ) {
    const end = head.indexOf('\r\n', from);
    const colon = head.indexOf(':', from);
    const name = head.slice(from, colon).toLowerCase();
    if (headers[name] !== undefined) return undefined;
    headers[name] = head.slice(colon + 1, end).trim();
    from = end + 2;
  }
  return headers;
}

/** The length of the body where nothing else about the request is out of the ordinary. */
function plainLength(headers: Readonly<Record<string, string | undefined>>): number | undefined {
  const { host, connection } = headers;
  if (host === undefined || (connection !== undefined && connection.toLowerCase() !== 'keep-alive'))
    return undefined;
  for (const name of NOT_PLAIN) if (headers[name] !== undefined) return undefined;
  const length = headers['content-length'] ?? '';
  return PLAIN_LENGTH.test(length) ? Number(length) : undefined;
}
