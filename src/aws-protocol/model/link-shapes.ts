import { invariant } from '../../base/index.ts';
import { patternMatcher } from './patterns.ts';
import type { Member, MemberLocation, ScalarShape, ScalarType, Shape } from './shapes.ts';

interface RawMember {
  readonly shape: string;
  readonly location?: MemberLocation;
  readonly locationName?: string;
  /** EC2's requests: where it differs from the capitalised `locationName`. */
  readonly queryName?: string;
}

/** A shape as the generated tables spell it: other shapes by name. */
export interface RawShape {
  readonly type: 'structure' | 'list' | 'map' | ScalarType;
  readonly members?: Readonly<Record<string, RawMember>>;
  readonly required?: readonly string[];
  readonly payload?: string;
  readonly member?: RawMember;
  readonly key?: RawMember;
  readonly value?: RawMember;
  readonly flattened?: boolean;
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly sensitive?: boolean;
  readonly eventstream?: boolean;
}

/**
 * Resolves names to shapes that refer to each other directly; each is made once, recursive ones included. Requests in EC2's
 * protocol spell names in capitals and flatten every list, where its answers do not.
 */
export function linkShapes(
  raw: Readonly<Record<string, RawShape>>,
  spelling: 'plain' | 'ec2-request' = 'plain',
): (name: string) => Shape {
  const capitals = spelling === 'ec2-request';
  const linked = new Map<string, Shape>();
  const link = (name: string): Shape => {
    const known = linked.get(name);
    if (known) return known;
    const source = raw[name];
    invariant(source, `the model has no shape ${name}`);
    if (source.type === 'structure') return linkStructure(name, source);
    const shape = linkOther(name, source);
    linked.set(name, shape);
    return shape;
  };
  const linkStructure = (name: string, source: RawShape): Shape => {
    const members: Member[] = [];
    const shape: Shape = {
      type: 'structure',
      name,
      members,
      required: new Set(source.required),
      eventStream: source.eventstream === true,
      ...(source.payload !== undefined && { payload: source.payload }),
    };
    linked.set(name, shape);
    for (const [member, target] of Object.entries(source.members ?? {})) {
      members.push(linkMember(member, capitals ? capitalised(member, target) : target, link(target.shape)));
    }
    return shape;
  };
  const linkOther = (name: string, source: RawShape): Shape => {
    if (source.type === 'list') return linkList(name, source);
    if (source.type === 'map') return linkMap(name, source);
    return linkScalar(name, source);
  };
  const linkList = (name: string, source: RawShape): Shape => {
    invariant(source.member, `list ${name} has no member`);
    return {
      type: 'list',
      name,
      element: link(source.member.shape),
      elementName: source.member.locationName ?? 'member',
      flattened: capitals || source.flattened === true,
      sensitive: source.sensitive === true,
      ...range(source),
    };
  };
  const linkMap = (name: string, source: RawShape): Shape => {
    invariant(source.key && source.value, `map ${name} has no key or value`);
    const key = link(source.key.shape);
    invariant(isScalar(key), `map ${name} has a key that is no scalar`);
    const value = link(source.value.shape);
    return { type: 'map', name, key, value, sensitive: source.sensitive === true, ...range(source) };
  };
  return link;
}

function capitalised(name: string, member: RawMember): RawMember {
  const { queryName, locationName = name } = member;
  const spelt = queryName ?? `${locationName.charAt(0).toUpperCase()}${locationName.slice(1)}`;
  return { ...member, locationName: spelt };
}

function linkMember(name: string, { location, locationName }: RawMember, shape: Shape): Member {
  return {
    name,
    wireName: locationName ?? name,
    pathName: `${name.charAt(0).toLowerCase()}${name.slice(1)}`,
    shape,
    ...(location !== undefined && { location }),
  };
}

function linkScalar(name: string, source: RawShape): ScalarShape {
  invariant(source.type !== 'structure' && source.type !== 'list' && source.type !== 'map', name);
  return {
    type: source.type,
    name,
    sensitive: source.sensitive === true,
    ...range(source),
    ...(source.pattern !== undefined && {
      pattern: { text: source.pattern, matches: patternMatcher(source.pattern, source.max) },
    }),
    ...(source.enum !== undefined && { values: source.enum }),
  };
}

function range({ min, max }: RawShape): { min?: number; max?: number } {
  return { ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
}

export function isScalar(shape: Shape): shape is ScalarShape {
  return shape.type !== 'structure' && shape.type !== 'list' && shape.type !== 'map';
}
