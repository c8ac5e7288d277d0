/** A segment or a subsegment, checked as far as it is relied upon (X-Ray developer guide, "Segment documents"). */
export interface SegmentDocument {
  readonly id: string;
  readonly traceId: string;
  /** Milliseconds since the epoch. */
  readonly startMs: number;
  /** JSON. */
  readonly document: string;
}

/** As X-Ray limits them. */
export const MOST_DOCUMENT_BYTES = 65_536;

/** Twice what a hundred nested subsegments make; JSON is written by recursion. */
const MOST_LEVELS = 256;
const TRACE_ID = /^1-[0-9a-f]{8}-[0-9a-f]{24}$/;
const SEGMENT_ID = /^[0-9a-f]{16}$/;
const MOST_NAME_CHARACTERS = 200;
/** Far enough ahead for any clock, and within what a date can hold. */
const LAST_SECOND = 2 ** 32;

/** Undefined for what is no segment. */
export function parseSegment(text: string): SegmentDocument | undefined {
  if (Buffer.byteLength(text) > MOST_DOCUMENT_BYTES) return undefined;
  const value = parseObject(text);
  if (!value) return undefined;
  const { id, trace_id: traceId, name, start_time: start } = value;
  if (typeof id !== 'string' || !SEGMENT_ID.test(id)) return undefined;
  if (typeof traceId !== 'string' || !TRACE_ID.test(traceId)) return undefined;
  if (typeof name !== 'string' || name === '' || name.length > MOST_NAME_CHARACTERS) return undefined;
  if (typeof start !== 'number' || !(start > 0 && start < LAST_SECOND)) return undefined;
  if (depthOf(text) > MOST_LEVELS) return undefined;
  return { id, traceId, startMs: Math.floor(start * 1_000), document: JSON.stringify(value) };
}

/** How deep objects and lists are nested in a JSON text. */
function depthOf(text: string): number {
  let [depth, deepest] = [0, 0];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[{\]}]/g)) {
    if (token === '[' || token === '{') deepest = Math.max(deepest, ++depth);
    else if (token === ']' || token === '}') depth--;
  }
  return deepest;
}

/** What an SDK sends to the daemon: a line that names the format, then the document. */
export function parseDatagram(datagram: Buffer): SegmentDocument | undefined {
  const text = datagram.toString('utf8');
  const lineEnd = text.indexOf('\n');
  const head = lineEnd < 0 ? undefined : parseObject(text.slice(0, lineEnd));
  if (head?.['format'] !== 'json' || head['version'] !== 1) return undefined;
  return parseSegment(text.slice(lineEnd + 1));
}

/** A JSON object that was made to be read member by member; undefined for anything else. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
