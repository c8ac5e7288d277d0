import type { Member, OperationModel, StructureShape } from '../model/shapes.ts';
import type { WireRequest } from './http-request.ts';
import { parseJsonBody } from './parse-json-body.ts';
import { type ParsedStructure, parseJsonStructure, parseTimestamp } from './parse-json-value.ts';
import { serializationError } from './serialization-error.ts';

interface RestParts {
  readonly labels: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

/** Collects an operation's input from path labels, query string, headers and body. Throws `SerializationException`. */
export function parseRestJson(
  operation: OperationModel,
  request: WireRequest,
  parts: RestParts,
): ParsedStructure {
  const shape = operation.input;
  if (!shape) return {};
  const parsed = parseBody(shape, request.body);
  for (const member of shape.members) {
    const value = outsideBody(member, request, parts);
    if (value !== undefined) parsed[member.name] = value;
  }
  return parsed;
}

function parseBody(shape: StructureShape, body: Buffer): ParsedStructure {
  const payload = shape.members.find((member) => member.name === shape.payload);
  if (payload?.shape.type === 'blob') return body.length === 0 ? {} : { [payload.name]: body };
  if (payload?.shape.type === 'structure') {
    return body.length === 0
      ? {}
      : { [payload.name]: parseJsonStructure(payload.shape, parseJsonBody(body)) };
  }
  const hasBody = shape.members.some((member) => member.location === undefined);
  return hasBody ? parseJsonStructure(shape, parseJsonBody(body)) : {};
}

function outsideBody(member: Member, request: WireRequest, { labels, query }: RestParts): unknown {
  switch (member.location) {
    case 'uri':
      return parseText(member.shape, labels[member.wireName]);
    case 'header':
      return parseText(member.shape, request.headers[member.wireName.toLowerCase()]);
    case 'querystring':
      return parseQueryMember(member, query.getAll(member.wireName));
    default:
      return undefined;
  }
}

function parseQueryMember({ shape }: Member, values: readonly string[]): unknown {
  if (values.length === 0) return undefined;
  if (shape.type !== 'list') return parseText(shape, values[0]);
  return values.map((value) => parseText(shape.element, value));
}

/** A scalar spelt as text. */
export function parseText(shape: { readonly type: string }, text: string | undefined): unknown {
  if (text === undefined) return undefined;
  switch (shape.type) {
    case 'integer':
    case 'long':
      if (!/^-?\d{1,15}$/.test(text)) throw notConvertible('an Integer');
      return Number(text);
    case 'float':
    case 'double':
      if (!/^-?\d{1,15}(\.\d{1,15})?$/.test(text)) throw notConvertible('a Double');
      return Number(text);
    case 'boolean':
      if (text !== 'true' && text !== 'false') throw notConvertible('a Boolean');
      return text === 'true';
    case 'timestamp':
      return parseTimestamp(/^\d+(\.\d+)?$/.test(text) ? Number(text) : text);
    default:
      return text;
  }
}

function notConvertible(wanted: string): Error {
  return serializationError(`STRING_VALUE can not be converted to ${wanted}`);
}
