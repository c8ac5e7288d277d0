import { BlockList, isIP } from 'node:net';
import type { ConditionOperator, PolicyCondition } from './policy-document.ts';
import { compilePattern, fillVariables, matchesPattern, type VariableLookup } from './policy-pattern.ts';

/** The request's condition keys, in lower case, each with its value or values. */
export type PolicyContext = ReadonlyMap<string, readonly string[]>;

/** Whether one condition holds for the request (IAM user guide, "Condition operators"). */
export function conditionHolds(
  condition: PolicyCondition,
  context: PolicyContext,
  lookup: VariableLookup,
): boolean {
  const actual = context.get(condition.key) ?? [];
  if (condition.operator === 'Null') return nullHolds(condition, actual.length === 0);
  if (actual.length === 0) return absentKeyHolds(condition);
  const equal = (value: string): boolean =>
    condition.values.some((expected) => comparisons[condition.operator](value, expected, lookup));
  const holds = (value: string): boolean => equal(value) !== condition.negated;
  // Without a quantifier a negated operator must hold for every value, a plain one for one of them.
  const every =
    condition.quantifier === undefined ? condition.negated : condition.quantifier === 'ForAllValues';
  return every ? actual.every(holds) : actual.some(holds);
}

function nullHolds(condition: PolicyCondition, absent: boolean): boolean {
  return condition.values.some((value) => value.toLowerCase() === String(absent));
}

function absentKeyHolds(condition: PolicyCondition): boolean {
  if (condition.quantifier === 'ForAllValues') return true;
  if (condition.ifExists) return true;
  return condition.quantifier === undefined && condition.negated;
}

type Comparison = (actual: string, expected: string, lookup: VariableLookup) => boolean;

const comparisons: Readonly<Record<ConditionOperator, Comparison>> = {
  StringEquals: (actual, expected, lookup) => actual === fillVariables(expected, lookup),
  StringEqualsIgnoreCase: (actual, expected, lookup) =>
    actual.toLowerCase() === fillVariables(expected, lookup)?.toLowerCase(),
  StringLike: like,
  ArnLike: arnLike,
  NumericEquals: numeric((actual, expected) => actual === expected),
  NumericLessThan: numeric((actual, expected) => actual < expected),
  NumericLessThanEquals: numeric((actual, expected) => actual <= expected),
  NumericGreaterThan: numeric((actual, expected) => actual > expected),
  NumericGreaterThanEquals: numeric((actual, expected) => actual >= expected),
  DateEquals: date((actual, expected) => actual === expected),
  DateLessThan: date((actual, expected) => actual < expected),
  DateLessThanEquals: date((actual, expected) => actual <= expected),
  DateGreaterThan: date((actual, expected) => actual > expected),
  DateGreaterThanEquals: date((actual, expected) => actual >= expected),
  Bool: (actual, expected) => actual.toLowerCase() === expected.toLowerCase(),
  BinaryEquals: (actual, expected) => actual === expected,
  IpAddress: inNetwork,
  Null: () => false,
};

function like(actual: string, expected: string, lookup: VariableLookup): boolean {
  const pattern = compilePattern(expected, lookup);
  return pattern !== undefined && matchesPattern(pattern, actual);
}

/** The six parts of an ARN are compared one by one: a wildcard does not reach over a colon, except in the resource. */
function arnLike(actual: string, expected: string, lookup: VariableLookup): boolean {
  const [actualParts, expectedParts] = [arnParts(actual), arnParts(expected)];
  if (actualParts === undefined) return false;
  if (expectedParts === undefined) return expected === '*';
  return expectedParts.every((part, index) => like(actualParts[index] ?? '', part, lookup));
}

function arnParts(arn: string): readonly string[] | undefined {
  const parts = splitOutsideVariables(arn);
  if (parts.length < 6) return undefined;
  return [...parts.slice(0, 5), parts.slice(5).join(':')];
}

/** `${aws:PrincipalAccount}` holds a colon that separates nothing. */
function splitOutsideVariables(arn: string): string[] {
  const parts = [''];
  for (let at = 0; at < arn.length; at += 1) {
    const end = arn.startsWith('${', at) ? arn.indexOf('}', at) : -1;
    const piece = end === -1 ? arn.charAt(at) : arn.slice(at, end + 1);
    if (piece === ':') parts.push('');
    else parts[parts.length - 1] += piece;
    at += piece.length - 1;
  }
  return parts;
}

function numeric(compare: (actual: number, expected: number) => boolean): Comparison {
  return (actual, expected) => {
    const [left, right] = [toNumber(actual), toNumber(expected)];
    return left !== undefined && right !== undefined && compare(left, right);
  };
}

function toNumber(text: string): number | undefined {
  return /^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

function date(compare: (actualMs: number, expectedMs: number) => boolean): Comparison {
  return (actual, expected) => {
    const [left, right] = [toEpochMs(actual), toEpochMs(expected)];
    return left !== undefined && right !== undefined && compare(left, right);
  };
}

/** Epoch seconds, or a date of ISO 8601. */
function toEpochMs(text: string): number | undefined {
  const seconds = toNumber(text);
  if (seconds !== undefined && text.length > 4) return seconds * 1000;
  const parsed = Date.parse(text);
  return Number.isNaN(parsed) ? undefined : parsed;
}

/** `203.0.113.0/24`, `2001:db8::/32`, or one address. */
function inNetwork(actual: string, expected: string): boolean {
  const [address = '', prefix] = expected.split('/');
  const [family, actualFamily] = [isIP(address), isIP(actual)];
  if (family === 0 || actualFamily !== family) return false;
  const bits = prefix === undefined ? (family === 4 ? 32 : 128) : toNumber(prefix);
  if (bits === undefined || !Number.isInteger(bits) || bits < 0 || bits > (family === 4 ? 32 : 128))
    return false;
  const name = family === 4 ? 'ipv4' : 'ipv6';
  const network = new BlockList();
  network.addSubnet(address, bits, name);
  return network.check(actual, name);
}
