import { type Policy, type PolicyKind, PolicySyntaxError, parsePolicy } from '../../model/index.ts';
import { limitExceeded, malformedPolicyDocument } from './errors.ts';
import { quotas } from './quotas.ts';

/** Throws `MalformedPolicyDocument` or `LimitExceeded` unless the text is a trust policy. */
export function requireTrustPolicy(text: string): void {
  const policy = parse(text, 'trust');
  for (const { action, principal } of policy.statements) {
    if (action.patterns.some((pattern) => !/^sts:/i.test(pattern))) {
      throw malformedPolicyDocument('AssumeRole policy may only specify STS AssumeRole actions.');
    }
    for (const entry of principal?.entries ?? []) requirePrincipal(entry.kind, entry.value);
  }
  requireSize(text, quotas.trustPolicyCharacters, 'ACLSizePerRole');
}

/** Throws `MalformedPolicyDocument` unless the text is an identity policy. */
export function requireIdentityPolicy(text: string): void {
  for (const { sid = '', action, resource } of parse(text, 'identity').statements) {
    if (!/^[0-9A-Za-z]*$/.test(sid)) {
      throw malformedPolicyDocument(
        'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
      );
    }
    action.patterns.forEach(requireVendor);
    resource?.patterns.forEach(requireArn);
  }
}

/** An identity policy that also fits a managed policy. */
export function requireManagedPolicy(text: string): void {
  requireIdentityPolicy(text);
  requireSize(text, quotas.managedPolicyCharacters, 'PolicySize');
}

function parse(text: string, kind: PolicyKind): Policy {
  try {
    return parsePolicy(text, kind);
  } catch (error) {
    if (error instanceof PolicySyntaxError) throw malformedPolicyDocument(error.message);
    throw error;
  }
}

const awsPrincipal = /^(\*|\d{12}|arn:aws[a-zA-Z-]*:(iam|sts)::\d{12}:.+|A[A-Z0-9]{15,127})$/;

function requirePrincipal(kind: string, value: string): void {
  const valid =
    kind === 'AWS' ? awsPrincipal.test(value) : kind !== 'Service' || /^[a-z0-9*.-]+\.[a-z]+$/.test(value);
  if (valid) return;
  throw malformedPolicyDocument(`Invalid principal in policy: "${kind.toUpperCase()}":"${value}"`);
}

function requireVendor(action: string): void {
  if (action === '*' || /^[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+$/.test(action)) return;
  throw malformedPolicyDocument('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');
}

function requireArn(resource: string): void {
  if (resource === '*' || /^arn:[^:]*:/.test(resource)) return;
  throw malformedPolicyDocument(`Resource ${resource} must be in ARN format or "*".`);
}

function requireSize(text: string, limit: number, quota: string): void {
  if (policySize(text) > limit) throw limitExceeded(`Cannot exceed quota for ${quota}: ${limit}`);
}

/** What counts towards a quota: IAM leaves white space out. */
export function policySize(text: string): number {
  return text.replaceAll(/\s/g, '').length;
}

/** IAM answers documents URL-encoded (RFC 3986), and as they were given. */
export function encodeDocument(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
