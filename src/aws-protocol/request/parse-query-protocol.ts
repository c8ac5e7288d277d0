import type { ListShape, MapShape, Shape, StructureShape } from '../model/shapes.ts';
import { decodeBase64, type ParsedStructure } from './parse-json-value.ts';
import { parseText } from './parse-rest-json.ts';
import { serializationError } from './serialization-error.ts';

const MOST_PARAMETERS = 2_000;
const DEEPEST = 16;

/** Form parameters as a tree: `Tags.member.1.Key=a` hangs below Tags, member, 1, Key. */
interface Branch {
  value?: string;
  readonly children: Map<string, Branch>;
}

/** The parameters of a Query request, from its form body and its URL. Throws `SerializationException` beyond 2,000. */
export function formParameters(body: Buffer, query: string): URLSearchParams {
  const parameters = new URLSearchParams(query);
  for (const [name, value] of new URLSearchParams(body.toString('utf8'))) parameters.set(name, value);
  if (parameters.size > MOST_PARAMETERS) throw serializationError('Too many parameters.');
  return parameters;
}

/** An operation's input from the parameters of AWS's Query protocol. */
export function parseQueryInput(
  shape: StructureShape | undefined,
  parameters: URLSearchParams,
): ParsedStructure {
  return shape ? parseStructure(shape, grow(parameters)) : {};
}

function grow(parameters: URLSearchParams): Branch {
  const root: Branch = { children: new Map() };
  for (const [name, value] of parameters) {
    const parts = name.split('.', DEEPEST);
    let branch = root;
    for (const part of parts) {
      const child: Branch = branch.children.get(part) ?? { children: new Map() };
      branch.children.set(part, child);
      branch = child;
    }
    branch.value = value;
  }
  return root;
}

function parseStructure(shape: StructureShape, branch: Branch): ParsedStructure {
  const parsed: ParsedStructure = {};
  for (const member of shape.members) {
    const child = branch.children.get(member.wireName);
    if (child) parsed[member.name] = parse(member.shape, child);
  }
  return parsed;
}

function parse(shape: Shape, branch: Branch): unknown {
  switch (shape.type) {
    case 'structure':
      return parseStructure(shape, branch);
    case 'list':
      return parseList(shape, branch);
    case 'map':
      return parseMap(shape, branch);
    case 'blob':
      return decodeBase64(branch.value ?? '');
    default:
      return parseText(shape, branch.value ?? '');
  }
}

function parseList(shape: ListShape, branch: Branch): unknown[] {
  // An empty list is spelt as the bare name with an empty value.
  const items = shape.flattened ? branch : branch.children.get(shape.elementName);
  return numbered(items).map((child) => parse(shape.element, child));
}

function parseMap(shape: MapShape, branch: Branch): Record<string, unknown> {
  return Object.fromEntries(
    numbered(branch.children.get('entry')).map((entry) => [
      entry.children.get('key')?.value ?? '',
      parse(shape.value, entry.children.get('value') ?? { children: new Map() }),
    ]),
  );
}

function numbered(branch: Branch | undefined): Branch[] {
  return [...(branch?.children ?? [])]
    .filter(([index]) => /^\d{1,6}$/.test(index))
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, child]) => child);
}
