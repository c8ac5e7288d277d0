import type { ListShape, MapShape, ScalarShape, Shape, StructureShape } from '../model/shapes.ts';
import { serializationError } from './serialization-error.ts';

export type ParsedStructure = Record<string, unknown>;

/** Far deeper than any input of the model; only recursive shapes could reach it. */
const DEEPEST = 64;

/**
 * A JSON body's object as typed input: blobs as bytes, timestamps as `Date`. Members that the model does not have are
 * ignored, as AWS does; `null` counts as absent.
 * Throws `SerializationException` in the words of AWS's JSON reader where a value has the wrong type.
 */
export function parseJsonStructure(shape: StructureShape, value: unknown, depth = 0): ParsedStructure {
  if (!isObject(value)) throw wrongType(value, 'a structure');
  if (depth > DEEPEST) throw serializationError('Nesting depth exceeds the limit.');
  const parsed: ParsedStructure = {};
  for (const member of shape.members) {
    if (member.location !== undefined || !Object.hasOwn(value, member.wireName)) continue;
    const raw = value[member.wireName];
    if (raw !== null && raw !== undefined) parsed[member.name] = parseJsonValue(member.shape, raw, depth + 1);
  }
  return parsed;
}

function parseJsonValue(shape: Shape, value: unknown, depth: number): unknown {
  switch (shape.type) {
    case 'structure':
      return parseJsonStructure(shape, value, depth);
    case 'list':
      return parseList(shape, value, depth);
    case 'map':
      return parseMap(shape, value, depth);
    default:
      return parseScalar(shape, value);
  }
}

function parseList(shape: ListShape, value: unknown, depth: number): unknown[] {
  if (!Array.isArray(value)) throw wrongType(value, 'a list');
  return value.map((element: unknown) =>
    element === null ? null : parseJsonValue(shape.element, element, depth + 1),
  );
}

function parseMap(shape: MapShape, value: unknown, depth: number): Record<string, unknown> {
  if (!isObject(value)) throw wrongType(value, 'a map');
  // fromEntries defines own properties, so that a key named __proto__ is just a key.
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      key,
      entry === null ? null : parseJsonValue(shape.value, entry, depth + 1),
    ]),
  );
}

function parseScalar(shape: ScalarShape, value: unknown): unknown {
  switch (shape.type) {
    case 'string':
      if (typeof value !== 'string') throw wrongType(value, 'a String');
      return value;
    case 'boolean':
      if (typeof value !== 'boolean') throw wrongType(value, 'a Boolean');
      return value;
    case 'integer':
      return wholeNumber(value, 2 ** 31 - 1, 'an Integer');
    case 'long':
      return wholeNumber(value, Number.MAX_SAFE_INTEGER, 'a Long');
    case 'float':
    case 'double':
      if (typeof value !== 'number') throw wrongType(value, 'a Double');
      return value;
    case 'blob':
      if (typeof value !== 'string') throw wrongType(value, 'a ByteBuffer');
      return decodeBase64(value);
    case 'timestamp':
      return parseTimestamp(value);
  }
}

/** AWS cuts a fraction off rather than refusing it. */
function wholeNumber(value: unknown, largest: number, wanted: string): number {
  if (typeof value !== 'number') throw wrongType(value, wanted);
  const whole = Math.trunc(value);
  if (Math.abs(whole) > largest) throw serializationError(`NUMBER_VALUE can not be converted to ${wanted}`);
  return whole;
}

/** Node skips characters that are not base64, so a shorter result than the text's length allows tells of them. */
export function decodeBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  if (bytes.length !== Math.floor(((text.length - padding) * 3) / 4)) {
    throw serializationError('Invalid Base64 encoding.');
  }
  return bytes;
}

/** Epoch seconds with fraction, or ISO 8601. */
export function parseTimestamp(value: unknown): Date {
  const date = typeof value === 'number' ? new Date(value * 1000) : new Date(String(value));
  if (Number.isNaN(date.getTime())) throw wrongType(value, 'a Timestamp');
  return date;
}

function wrongType(value: unknown, wanted: string): ReturnType<typeof serializationError> {
  if (Array.isArray(value)) return serializationError('Start of list found where not expected');
  if (isObject(value)) return serializationError('Start of structure or map found where not expected.');
  if (/^a (structure|list|map)$/.test(wanted)) return serializationError('Unexpected value type in payload');
  return serializationError(`${tokenName(value)} can not be converted to ${wanted}`);
}

function tokenName(value: unknown): string {
  if (typeof value === 'string') return 'STRING_VALUE';
  if (typeof value === 'boolean') return value ? 'TRUE_VALUE' : 'FALSE_VALUE';
  return typeof value === 'number' && !Number.isInteger(value) ? 'DECIMAL_VALUE' : 'NUMBER_VALUE';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
