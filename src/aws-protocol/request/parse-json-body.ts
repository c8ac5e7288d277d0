import { isUtf8 } from 'node:buffer';
import { diagnoseJson } from './diagnose-json.ts';
import { serializationError } from './serialization-error.ts';

/** The JSON value in a body; an empty body is an empty object. Throws `SerializationException`. */
export function parseJsonBody(body: Buffer): unknown {
  if (body.length === 0) return {};
  if (!isUtf8(body)) throw malformed(body);
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    throw malformed(body);
  }
}

function malformed(body: Buffer): Error {
  return serializationError(`Could not parse request body into json: ${diagnoseJson(body)}`);
}
