import { conditionHolds, type PolicyContext } from './policy-conditions.ts';
import type { PatternList, Policy, PolicyStatement, PrincipalEntry } from './policy-document.ts';
import { compilePattern, matchesPattern, type VariableLookup } from './policy-pattern.ts';

/** Who asks. */
export type RequestPrincipal =
  | {
      readonly kind: 'aws';
      readonly account: string;
      /** Of a user, a role session (`…:assumed-role/R/S`), or the account's root. */
      readonly arn: string;
    }
  | { readonly kind: 'service'; readonly service: string }
  | { readonly kind: 'anonymous' };

export interface AccessRequest {
  readonly principal: RequestPrincipal;
  /** `lambda:InvokeFunction`. */
  readonly action: string;
  /** The ARN as the caller addressed the resource, qualifier included. */
  readonly resource: string;
  readonly context: PolicyContext;
}

/** The answer, and what decided it: a statement, or the absence of one. */
export type AccessDecision =
  | { readonly allowed: boolean; readonly decidedBy: 'statement'; readonly statement: PolicyStatement }
  | { readonly allowed: false; readonly decidedBy: 'no-policy' | 'no-matching-statement' };

/**
 * Evaluates resource policies: an explicit deny of any of them wins, then an allow, else the request is denied for want of one.
 * Identity policies are no part of it (IAM user guide, "Policy evaluation logic").
 */
export function evaluatePolicies(policies: readonly Policy[], request: AccessRequest): AccessDecision {
  let allowing: PolicyStatement | undefined;
  for (const policy of policies) {
    for (const statement of policy.statements) {
      if (statement.effect === 'Allow' && allowing !== undefined) continue;
      if (!statementApplies(statement, policy, request)) continue;
      if (statement.effect === 'Deny') return { allowed: false, decidedBy: 'statement', statement };
      allowing = statement;
    }
  }
  if (allowing !== undefined) return { allowed: true, decidedBy: 'statement', statement: allowing };
  return { allowed: false, decidedBy: policies.length === 0 ? 'no-policy' : 'no-matching-statement' };
}

function statementApplies(statement: PolicyStatement, policy: Policy, request: AccessRequest): boolean {
  const lookup = variableLookup(policy, request.context);
  return (
    principalMatches(statement.principal, request.principal) &&
    listMatches(lowerCase(statement.action), request.action.toLowerCase(), noVariables) &&
    (statement.resource === undefined || listMatches(statement.resource, request.resource, lookup)) &&
    statement.conditions.every((condition) => conditionHolds(condition, request.context, lookup))
  );
}

/** Only single-valued keys can stand in for a variable. */
function variableLookup(policy: Policy, context: PolicyContext): VariableLookup {
  if (!policy.variables) return asWritten;
  return (key) => {
    const values = context.get(key.toLowerCase()) ?? [];
    return values.length === 1 ? values[0] : undefined;
  };
}

const asWritten: VariableLookup = (key) => `\${${key}}`;
const noVariables: VariableLookup = () => undefined;

function lowerCase(list: PatternList): PatternList {
  return { ...list, patterns: list.patterns.map((pattern) => pattern.toLowerCase()) };
}

function listMatches(list: PatternList, text: string, lookup: VariableLookup): boolean {
  const covered = list.patterns.some((pattern) => {
    const compiled = compilePattern(pattern, lookup);
    return compiled !== undefined && matchesPattern(compiled, text);
  });
  return covered !== list.negated;
}

function principalMatches(expected: PolicyStatement['principal'], actual: RequestPrincipal): boolean {
  if (expected === undefined) return true;
  return expected.entries.some((entry) => entryMatches(entry, actual)) !== expected.negated;
}

function entryMatches(entry: PrincipalEntry, actual: RequestPrincipal): boolean {
  if (actual.kind === 'service') {
    return (entry.kind === 'Service' && entry.value === actual.service) || isAnyone(entry);
  }
  if (isAnyone(entry)) return true;
  if (entry.kind !== 'AWS' || actual.kind === 'anonymous') return false;
  if (entry.value === actual.account || entry.value === actual.arn) return true;
  const role = roleOfSession(actual.arn);
  return (
    isRootOf(entry.value, actual.account) || (role !== undefined && isRole(entry.value, actual.account, role))
  );
}

function isAnyone(entry: PrincipalEntry): boolean {
  return entry.kind === 'AWS' && entry.value === '*';
}

function isRootOf(principal: string, account: string): boolean {
  return /^arn:aws[a-zA-Z-]*:iam::(\d{12}):root$/.exec(principal)?.[1] === account;
}

/** The ARN of a role carries its path, that of its sessions does not. */
function isRole(principal: string, account: string, name: string): boolean {
  const role = /^arn:aws[a-zA-Z-]*:iam::(\d{12}):role\/(?:[^/]+\/)*([^/]+)$/.exec(principal);
  return role?.[1] === account && role[2] === name;
}

function roleOfSession(arn: string): string | undefined {
  return /^arn:aws[a-zA-Z-]*:sts::\d{12}:assumed-role\/([^/]+)\//.exec(arn)?.[1];
}
