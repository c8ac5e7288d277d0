import type { OperationModel, StructureShape } from '../model/shapes.ts';
import { fieldOf } from '../validation/describe.ts';
import { jsonStructure } from './json-value.ts';
import type { WireResponse } from './wire-response.ts';

/** REST-JSON: status and headers from the members that travel there, the rest (or the payload member) as body. */
export function renderRestJson(operation: OperationModel, output: object | undefined): WireResponse {
  const shape = operation.output;
  const headers: Record<string, string> = { 'Content-Type': 'application/json' };
  if (!shape || output === undefined)
    return { status: operation.status, headers, body: emptyBody(operation) };
  let status = operation.status;
  for (const member of shape.members) {
    const value = fieldOf(output, member.name);
    if (value === undefined || value === null) continue;
    if (member.location === 'statusCode' && typeof value === 'number') status = value;
    if (member.location === 'header') headers[member.wireName] = headerText(value);
  }
  return { status, headers, body: status === 204 ? '' : bodyOf(shape, output) };
}

function emptyBody(operation: OperationModel): string {
  return operation.status === 204 || operation.output === undefined ? '' : '{}';
}

function bodyOf(shape: StructureShape, output: object): string | Uint8Array {
  if (shape.payload === undefined) return JSON.stringify(jsonStructure(shape, output));
  const payload = fieldOf(output, shape.payload);
  return payload instanceof Uint8Array || typeof payload === 'string' ? payload : '';
}

function headerText(value: unknown): string {
  return value instanceof Date ? value.toUTCString() : String(value);
}

/** JSON 1.0 and 1.1: always 200; an operation without output answers an empty body, as CloudWatch Logs does. */
export function renderJson(
  operation: OperationModel,
  output: object | undefined,
  jsonVersion: string,
): WireResponse {
  const body = operation.output ? JSON.stringify(jsonStructure(operation.output, output ?? {})) : '';
  return { status: 200, headers: { 'Content-Type': `application/x-amz-json-${jsonVersion}` }, body };
}
