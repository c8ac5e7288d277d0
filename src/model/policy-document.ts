/** A policy as evaluated: every optional or single-or-list form of the JSON is made uniform. */
export interface Policy {
  readonly statements: readonly PolicyStatement[];
  /** Only policies of version 2012-10-17 have variables. */
  readonly variables: boolean;
}

export interface PolicyStatement {
  readonly sid?: string;
  readonly effect: 'Allow' | 'Deny';
  /** Absent in identity policies. */
  readonly principal?: { readonly negated: boolean; readonly entries: readonly PrincipalEntry[] };
  readonly action: PatternList;
  /** Absent in trust policies. */
  readonly resource?: PatternList;
  readonly conditions: readonly PolicyCondition[];
}

export interface PatternList {
  /** `NotAction`, `NotResource`: covers everything but these. */
  readonly negated: boolean;
  readonly patterns: readonly string[];
}

export interface PrincipalEntry {
  readonly kind: PrincipalKind;
  /** `*`, an account, an ARN, a service's host name, … */
  readonly value: string;
}

const principalKinds = ['AWS', 'Service', 'Federated', 'CanonicalUser'] as const;
export type PrincipalKind = (typeof principalKinds)[number];

/** One key of one operator: `StringLike: { 'aws:SourceArn': […] }`. */
export interface PolicyCondition {
  readonly operator: ConditionOperator;
  readonly negated: boolean;
  /** `…IfExists`: an absent key satisfies it. */
  readonly ifExists: boolean;
  readonly quantifier?: 'ForAllValues' | 'ForAnyValue';
  /** Lower case: keys are compared without regard to case. */
  readonly key: string;
  readonly values: readonly string[];
}

/** The operators, those with `Not` folded into `PolicyCondition.negated`. */
export type ConditionOperator =
  | 'StringEquals'
  | 'StringEqualsIgnoreCase'
  | 'StringLike'
  | 'ArnLike'
  | 'NumericEquals'
  | 'NumericLessThan'
  | 'NumericLessThanEquals'
  | 'NumericGreaterThan'
  | 'NumericGreaterThanEquals'
  | 'DateEquals'
  | 'DateLessThan'
  | 'DateLessThanEquals'
  | 'DateGreaterThan'
  | 'DateGreaterThanEquals'
  | 'Bool'
  | 'BinaryEquals'
  | 'IpAddress'
  | 'Null';

type OperatorMeaning = readonly [operator: ConditionOperator, negated: boolean];

/** What each operator name of the JSON means. */
const operators: ReadonlyMap<string, OperatorMeaning> = new Map<string, OperatorMeaning>([
  ['StringEquals', ['StringEquals', false]],
  ['StringNotEquals', ['StringEquals', true]],
  ['StringEqualsIgnoreCase', ['StringEqualsIgnoreCase', false]],
  ['StringNotEqualsIgnoreCase', ['StringEqualsIgnoreCase', true]],
  ['StringLike', ['StringLike', false]],
  ['StringNotLike', ['StringLike', true]],
  ['ArnEquals', ['ArnLike', false]],
  ['ArnNotEquals', ['ArnLike', true]],
  ['ArnLike', ['ArnLike', false]],
  ['ArnNotLike', ['ArnLike', true]],
  ['NumericEquals', ['NumericEquals', false]],
  ['NumericNotEquals', ['NumericEquals', true]],
  ['NumericLessThan', ['NumericLessThan', false]],
  ['NumericLessThanEquals', ['NumericLessThanEquals', false]],
  ['NumericGreaterThan', ['NumericGreaterThan', false]],
  ['NumericGreaterThanEquals', ['NumericGreaterThanEquals', false]],
  ['DateEquals', ['DateEquals', false]],
  ['DateNotEquals', ['DateEquals', true]],
  ['DateLessThan', ['DateLessThan', false]],
  ['DateLessThanEquals', ['DateLessThanEquals', false]],
  ['DateGreaterThan', ['DateGreaterThan', false]],
  ['DateGreaterThanEquals', ['DateGreaterThanEquals', false]],
  ['Bool', ['Bool', false]],
  ['BinaryEquals', ['BinaryEquals', false]],
  ['IpAddress', ['IpAddress', false]],
  ['NotIpAddress', ['IpAddress', true]],
  ['Null', ['Null', false]],
]);

/** What a policy is for decides which members a statement must and must not have. */
export type PolicyKind = 'resource' | 'identity' | 'trust';

/** The document is not a policy of its kind. The message is worded as IAM's. */
export class PolicySyntaxError extends Error {
  override readonly name = 'PolicySyntaxError';
}

type Json = Readonly<Record<string, unknown>>;

/** Reads a policy document of JSON text. Throws `PolicySyntaxError`; the caller bounds the length. */
export function parsePolicy(text: string, kind: PolicyKind): Policy {
  const document = parseJson(text);
  refuseUnknown(document, ['Version', 'Id', 'Statement']);
  const version = document['Version'] ?? '2008-10-17';
  if (version !== '2012-10-17' && version !== '2008-10-17') throw syntaxError();
  const listed = asList(document['Statement']);
  if (listed.length === 0) throw syntaxError();
  const statements = listed.map((statement) => parseStatement(statement, kind));
  refuseDoubleSids(statements);
  return { statements, variables: version === '2012-10-17' };
}

function parseJson(text: string): Json {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new PolicySyntaxError('This policy contains invalid Json');
  }
  return asObject(parsed);
}

function refuseDoubleSids(statements: readonly PolicyStatement[]): void {
  const sids = statements.flatMap(({ sid }) => (sid ? [sid] : []));
  if (new Set(sids).size !== sids.length) {
    throw new PolicySyntaxError('Statement IDs (SID) in a single policy must be unique.');
  }
}

const statementMembers = [
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
];

function parseStatement(value: unknown, kind: PolicyKind): PolicyStatement {
  const json = asObject(value);
  refuseUnknown(json, statementMembers);
  const { Sid: sid, Effect: effect } = json;
  if (sid !== undefined && typeof sid !== 'string') throw syntaxError();
  if (effect !== 'Allow' && effect !== 'Deny') throw syntaxError();
  const principal = parsePrincipal(json, kind);
  const resource = parseResource(json, kind);
  return {
    ...(sid === undefined ? {} : { sid }),
    effect,
    ...(principal === undefined ? {} : { principal }),
    action: parsePatterns(json, 'Action') ?? missing('Policy statement must contain actions.'),
    ...(resource === undefined ? {} : { resource }),
    conditions: parseConditions(json['Condition']),
  };
}

function parsePrincipal(json: Json, kind: PolicyKind): PolicyStatement['principal'] {
  const [plain, negative] = [json['Principal'], json['NotPrincipal']];
  if (kind === 'identity') {
    if (plain === undefined && negative === undefined) return undefined;
    throw new PolicySyntaxError('Policy document should not specify a principal.');
  }
  if (plain === undefined && negative === undefined) {
    throw new PolicySyntaxError('Missing required field Principal');
  }
  if (plain !== undefined && negative !== undefined) throw syntaxError();
  return { negated: negative !== undefined, entries: parsePrincipalEntries(plain ?? negative) };
}

function parsePrincipalEntries(value: unknown): readonly PrincipalEntry[] {
  if (value === '*') return [{ kind: 'AWS', value: '*' }];
  const entries = Object.entries(asObject(value)).flatMap(([name, values]) => {
    const kind = principalKinds.find((known) => known === name);
    if (kind === undefined) throw syntaxError();
    return asStrings(values).map((entry) => ({ kind, value: entry }));
  });
  return entries.length > 0 ? entries : missing('Missing required field Principal');
}

function parseResource(json: Json, kind: PolicyKind): PatternList | undefined {
  const resource = parsePatterns(json, 'Resource');
  if (kind === 'trust' && resource !== undefined)
    throw new PolicySyntaxError('Has prohibited field Resource');
  if (kind !== 'trust' && resource === undefined) missing('Policy statement must contain resources.');
  return resource;
}

function parsePatterns(json: Json, member: 'Action' | 'Resource'): PatternList | undefined {
  const [plain, negative] = [json[member], json[`Not${member}`]];
  if (plain === undefined && negative === undefined) return undefined;
  if (plain !== undefined && negative !== undefined) throw syntaxError();
  const patterns = asStrings(plain ?? negative);
  return patterns.length > 0 ? { negated: negative !== undefined, patterns } : undefined;
}

function parseConditions(value: unknown): readonly PolicyCondition[] {
  if (value === undefined) return [];
  return Object.entries(asObject(value)).flatMap(([operator, keys]) =>
    Object.entries(asObject(keys)).map(([key, values]) => parseCondition(operator, key, values)),
  );
}

function parseCondition(text: string, key: string, values: unknown): PolicyCondition {
  const parts = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/.exec(text);
  const [operator, negated] = operators.get(parts?.[2] ?? '') ?? missing(`Invalid Condition type : ${text}.`);
  const quantifier = parts?.[1];
  return {
    operator,
    negated,
    ifExists: parts?.[3] !== undefined,
    ...(quantifier === 'ForAllValues' || quantifier === 'ForAnyValue' ? { quantifier } : {}),
    key: key.toLowerCase(),
    values: asList(values).map(asConditionValue),
  };
}

function asConditionValue(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw syntaxError();
}

function asObject(value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw syntaxError();
  return value as Json;
}

function asList(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function asStrings(value: unknown): readonly string[] {
  return asList(value).map((entry) => {
    if (typeof entry !== 'string') throw syntaxError();
    return entry;
  });
}

function refuseUnknown(json: Json, known: readonly string[]): void {
  if (Object.keys(json).some((member) => !known.includes(member))) throw syntaxError();
}

function syntaxError(): PolicySyntaxError {
  return new PolicySyntaxError('Syntax errors in policy.');
}

function missing(message: string): never {
  throw new PolicySyntaxError(message);
}
