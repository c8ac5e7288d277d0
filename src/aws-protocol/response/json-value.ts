import { invariant } from '../../base/index.ts';
import type { Shape, StructureShape } from '../model/shapes.ts';
import { fieldOf } from '../validation/describe.ts';

/**
 * A typed output as the value that `JSON.stringify` writes: blobs in base64, timestamps in epoch seconds, absent
 * members left out. A member that the model does not have is a bug of the operation.
 */
export function jsonStructure(shape: StructureShape, value: object): Record<string, unknown> {
  const json: Record<string, unknown> = {};
  for (const member of shape.members) {
    const field = fieldOf(value, member.name);
    if (member.location === undefined && field !== undefined && field !== null) {
      json[member.wireName] = jsonValue(member.shape, field);
    }
  }
  checkMembers(shape, value);
  return json;
}

function checkMembers(shape: StructureShape, value: object): void {
  for (const name of Object.keys(value)) {
    const known = shape.members.some((member) => member.name === name);
    invariant(known || name === '$metadata', `${shape.name} has no member ${name}`);
  }
}

function jsonValue(shape: Shape, value: unknown): unknown {
  switch (shape.type) {
    case 'structure':
      invariant(typeof value === 'object' && value !== null, `${shape.name} must be an object`);
      return jsonStructure(shape, value);
    case 'list':
      invariant(Array.isArray(value), `${shape.name} must be an array`);
      return value.map((element: unknown) => jsonValue(shape.element, element));
    case 'map':
      return Object.fromEntries(
        Object.entries(value ?? {}).map(([key, entry]) => [key, jsonValue(shape.value, entry)]),
      );
    case 'blob':
      invariant(value instanceof Uint8Array, `${shape.name} must be bytes`);
      return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
    case 'timestamp':
      invariant(value instanceof Date, `${shape.name} must be a Date`);
      return value.getTime() / 1000;
    default:
      return value;
  }
}
