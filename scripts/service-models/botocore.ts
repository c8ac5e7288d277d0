interface RawMember {
  readonly shape: string;
  readonly location?: string;
  readonly locationName?: string;
  readonly queryName?: string;
}

export interface RawShape {
  readonly type: string;
  readonly members?: Readonly<Record<string, RawMember>>;
  readonly member?: RawMember;
  readonly key?: RawMember;
  readonly value?: RawMember;
  readonly required?: readonly string[];
  readonly payload?: string;
  readonly enum?: readonly string[];
  readonly [trait: string]: unknown;
}

interface RawOperation {
  readonly http: { readonly method: string; readonly requestUri: string; readonly responseCode?: number };
  readonly input?: { readonly shape: string };
  readonly output?: { readonly shape: string; readonly resultWrapper?: string };
}

export interface RawModel {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly operations: Readonly<Record<string, RawOperation>>;
  readonly shapes: Readonly<Record<string, RawShape>>;
}

export interface ModelOperation {
  readonly method: string;
  readonly uri: string;
  readonly status: number;
  readonly input?: string;
  readonly output?: string;
  readonly resultWrapper?: string;
}

/** What is written to `*.generated.json`; src/aws-protocol/model.ts reads it. */
export interface Model {
  readonly service: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly operations: Record<string, ModelOperation>;
  readonly others: readonly string[];
  readonly shapes: Record<string, RawShape>;
}

const keptMetadata = ['protocol', 'apiVersion', 'targetPrefix', 'jsonVersion', 'xmlNamespace', 'signingName'];
const keptTraits = [
  'min',
  'max',
  'pattern',
  'enum',
  'sensitive',
  'streaming',
  'eventstream',
  'payload',
  'flattened',
];

/** Keeps the operations asked for with the shapes that they reach, and of those only what parsing needs. */
export function reduceModel(service: string, raw: RawModel, operations: readonly string[] | 'all'): Model {
  const all = Object.keys(raw.operations).sort();
  const names = operations === 'all' ? all : [...operations].sort();
  const table: Record<string, ModelOperation> = {};
  for (const name of names) table[name] = reduceOperation(name, raw);
  return {
    service,
    metadata: Object.fromEntries(
      keptMetadata.flatMap((key) => (key in raw.metadata ? [[key, raw.metadata[key]]] : [])),
    ),
    operations: table,
    others: all.filter((name) => !names.includes(name)),
    shapes: reachableShapes(raw, Object.values(table)),
  };
}

function reduceOperation(name: string, raw: RawModel): ModelOperation {
  const operation = raw.operations[name];
  if (operation === undefined) throw new Error(`no operation ${name}`);
  return {
    method: operation.http.method,
    uri: operation.http.requestUri,
    status: operation.http.responseCode ?? 200,
    ...(operation.input && { input: operation.input.shape }),
    ...(operation.output && { output: operation.output.shape }),
    ...(operation.output?.resultWrapper && { resultWrapper: operation.output.resultWrapper }),
  };
}

function reachableShapes(raw: RawModel, operations: readonly ModelOperation[]): Record<string, RawShape> {
  const found: Record<string, RawShape> = {};
  const visit = (name: string | undefined): void => {
    if (name === undefined || name in found) return;
    const shape = raw.shapes[name];
    if (shape === undefined) throw new Error(`no shape ${name}`);
    found[name] = reduceShape(shape);
    for (const member of Object.values(shape.members ?? {})) visit(member.shape);
    for (const member of [shape.member, shape.key, shape.value]) visit(member?.shape);
  };
  for (const operation of operations) {
    visit(operation.input);
    visit(operation.output);
  }
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function reduceShape(shape: RawShape): RawShape {
  const members = Object.entries(shape.members ?? {}).map(([name, member]) => [name, reduceMember(member)]);
  return {
    type: shape.type,
    ...(shape.members && { members: Object.fromEntries(members) as Record<string, RawMember> }),
    ...(shape.required?.length && { required: shape.required }),
    ...(shape.member && { member: reduceMember(shape.member) }),
    ...(shape.key && { key: reduceMember(shape.key) }),
    ...(shape.value && { value: reduceMember(shape.value) }),
    ...Object.fromEntries(keptTraits.flatMap((trait) => (trait in shape ? [[trait, shape[trait]]] : []))),
  };
}

function reduceMember(member: RawMember): RawMember {
  return {
    shape: member.shape,
    ...(member.location && { location: member.location }),
    ...(member.locationName && { locationName: member.locationName }),
    ...(member.queryName && { queryName: member.queryName }),
  };
}
