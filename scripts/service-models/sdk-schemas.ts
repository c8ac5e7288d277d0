import { NormalizedSchema } from '@smithy/core/schema';
import type { Model, RawShape } from './botocore.ts';

type Exports = Readonly<Record<string, unknown>>;
type Schema = NormalizedSchema;
type Shapes = Record<string, RawShape>;
/** How the SDK spells an operation: tag 9, name space, name, traits, input, output. */
type SdkOperation = readonly [9, string, string, unknown, unknown, unknown];

/** Adds the operations, members and enum values that the SDK knows and the model does not. */
export function mergeNewer(model: Model, sdk: Exports): Model {
  const merged = { ...model, operations: { ...model.operations }, shapes: { ...model.shapes } };
  for (const [name, operation] of sdkOperations(sdk)) {
    const [, , , traits, input, output] = operation;
    const [inputName, outputName] = [
      merged.operations[name]?.input ?? nameOf(of(input)),
      merged.operations[name]?.output ?? nameOf(of(output)),
    ];
    if (inputName) mergeStructure(merged.shapes, inputName, of(input));
    if (outputName) mergeStructure(merged.shapes, outputName, of(output));
    const [method, uri, status] = (traits as { http: [string, string, number] }).http;
    merged.operations[name] ??= {
      method,
      uri,
      status,
      ...(inputName && { input: inputName }),
      ...(outputName && { output: outputName }),
    };
  }
  mergeEnums(merged.shapes, sdk);
  return sorted(merged);
}

function sdkOperations(sdk: Exports): [string, SdkOperation][] {
  return Object.values(sdk)
    .filter((value): value is SdkOperation => Array.isArray(value) && value[0] === 9)
    .map((schema) => [schema[2], schema]);
}

function of(schema: unknown): Schema {
  return NormalizedSchema.of(schema as Parameters<typeof NormalizedSchema.of>[0]);
}

function nameOf(schema: Schema): string | undefined {
  return schema.isUnitSchema() ? undefined : schema.getName();
}

/** Walks a structure that both know (or only the SDK knows) and adds what is missing. */
function mergeStructure(shapes: Shapes, name: string, schema: Schema, seen = new Set<string>()): void {
  if (seen.has(name) || schema.isUnitSchema()) return;
  seen.add(name);
  const known = shapes[name];
  const members: Record<string, { shape: string; location?: string; locationName?: string }> = {
    ...known?.members,
  };
  const traits: { payload?: string } = {};
  for (const [member, memberSchema] of schema.structIterator()) {
    const own = memberSchema.getMergedTraits();
    members[member] ??= { shape: shapeFor(shapes, memberSchema), ...locationOf(own, member) };
    if (own.httpPayload) traits.payload = member;
    descend(shapes, members[member].shape, memberSchema, seen);
  }
  const required = known?.required ?? requiredMembers(schema);
  shapes[name] = {
    type: 'structure',
    ...known,
    members,
    ...(required.length > 0 && { required }),
    ...traits,
  };
}

function descend(shapes: Shapes, name: string, schema: Schema, seen: Set<string>): void {
  if (schema.isStructSchema()) return mergeStructure(shapes, name, schema, seen);
  if (!schema.isListSchema() && !schema.isMapSchema()) return;
  const inner = shapes[name]?.member ?? shapes[name]?.value;
  if (inner) descend(shapes, inner.shape, schema.getValueSchema(), seen);
}

function requiredMembers(schema: Schema): readonly string[] {
  const [, , , , names, , count] = schema.getSchema() as [
    number,
    string,
    string,
    unknown,
    string[],
    unknown,
    number?,
  ];
  return names.slice(0, count ?? 0);
}

function locationOf(traits: Exports, member: string): { location?: string; locationName?: string } {
  if (traits['httpLabel']) return { location: 'uri', locationName: member };
  if (typeof traits['httpQuery'] === 'string')
    return { location: 'querystring', locationName: traits['httpQuery'] };
  if (typeof traits['httpHeader'] === 'string')
    return { location: 'header', locationName: traits['httpHeader'] };
  return {};
}

function shapeFor(shapes: Shapes, schema: Schema): string {
  if (schema.isStructSchema()) return schema.getName() ?? 'Structure';
  if (schema.isListSchema() || schema.isMapSchema()) return collectionFor(shapes, schema);
  const type = scalarType(schema);
  const name = `Sdk${type[0]?.toUpperCase()}${type.slice(1)}`;
  shapes[name] ??= { type };
  return name;
}

function collectionFor(shapes: Shapes, schema: Schema): string {
  const value = { shape: shapeFor(shapes, schema.getValueSchema()) };
  const name = schema.getName() ?? `${value.shape}${schema.isListSchema() ? 'List' : 'Map'}`;
  shapes[name] ??= schema.isListSchema()
    ? { type: 'list', member: value }
    : { type: 'map', key: { shape: shapeFor(shapes, of(0)) }, value };
  return name;
}

function scalarType(schema: Schema): string {
  if (schema.isStringSchema()) return 'string';
  if (schema.isNumericSchema()) return 'double';
  if (schema.isBooleanSchema()) return 'boolean';
  if (schema.isTimestampSchema()) return 'timestamp';
  if (schema.isBlobSchema()) return 'blob';
  throw new Error(`unexpected schema ${schema.getName(true)}`);
}

/** The SDK exports each enum as an object under the name of its shape. */
function mergeEnums(shapes: Shapes, sdk: Exports): void {
  for (const [name, shape] of Object.entries(shapes)) {
    const newest = sdk[name];
    if (shape.enum === undefined || typeof newest !== 'object' || newest === null) continue;
    const added = Object.values(newest as Record<string, string>).filter(
      (value) => !shape.enum?.includes(value),
    );
    if (added.length > 0) shapes[name] = { ...shape, enum: [...shape.enum, ...added] };
  }
}

function sorted(model: Model): Model {
  const order = <T>(table: Record<string, T>): Record<string, T> =>
    Object.fromEntries(Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { ...model, operations: order(model.operations), shapes: order(model.shapes) };
}
