import type { Clock } from '../base/index.ts';
import {
  type AccessDecision,
  awsError,
  evaluatePolicies,
  functionArn,
  type Policy,
  parsePolicy,
  policyContext,
  type RequestFacts,
  type RequestPrincipal,
} from '../model/index.ts';
import { type PolicyResource, parsePolicyResource, policyResourceArn } from './policies/policy-resource.ts';
import type { ResourcePolicies } from './policies/resource-policies.ts';
import type { AccessQuestion, FunctionKey, ResourceAccess } from './settings.ts';

/** Who calls, as far as access is concerned. */
export interface AccessCaller {
  readonly account: string;
  readonly arn: string;
}

/** What is asked of a resource, and by whom. */
export interface ResourceRequest {
  readonly principal: RequestPrincipal;
  readonly action: string;
  /** ARN of a function (with the qualifier that was asked for) or layer version. */
  readonly resourceArn: string;
  /** What else is known of the request: source, function URL, token. */
  readonly facts?: Omit<RequestFacts, 'principal' | 'nowMs'>;
}

interface AccessControlNeeds {
  readonly policies: ResourcePolicies;
  readonly clock: Clock;
}

/** Parsed policies kept in memory; beyond it the longest unused goes. About 1 KB each. */
const rememberedPolicies = 10_000;

/**
 * Whether a resource policy lets somebody use a function or layer version. Within one account everything is allowed, since identity
 * policies are kept but not evaluated; another account needs the resource's own permission (developer guide, "Resource-based policies").
 */
export class AccessControl implements ResourceAccess {
  readonly #policies: ResourcePolicies;
  readonly #clock: Clock;
  readonly #remembered = new Map<string, readonly Policy[] | Promise<readonly Policy[]>>();

  constructor({ policies, clock }: AccessControlNeeds) {
    this.#policies = policies;
    this.#clock = clock;
    policies.onChange((resource) => this.#remembered.delete(policyResourceArn(resource)));
  }

  /**
   * Throws (or rejects with) `AccessDeniedException` unless the caller may. Does nothing at all within one account,
   * and answers from memory for a resource that was asked about before.
   */
  require(caller: AccessCaller, action: string, resourceArn: string): void | Promise<void> {
    if (resourceArn.split(':', 5)[4] === caller.account) return;
    const request = { principal: principalOf(caller), action, resourceArn };
    const decision = this.decide(request);
    if (decision instanceof Promise) return decision.then((late) => requireAllowed(late, request));
    requireAllowed(decision, request);
  }

  async allows({ principalAccount, principalArn, action, resourceArn }: AccessQuestion): Promise<boolean> {
    const caller = { account: principalAccount, arn: principalArn };
    if (resourceArn.split(':', 5)[4] === caller.account) return true;
    return (await this.decide({ principal: principalOf(caller), action, resourceArn })).allowed;
  }

  /** What the resource policies say, whoever asks: for services and function URLs, which need them within one account too. */
  decide(request: ResourceRequest): AccessDecision | Promise<AccessDecision> {
    const resource = parsePolicyResource(request.resourceArn);
    if (resource === undefined) return { allowed: false, decidedBy: 'no-policy' };
    const own = this.#policiesOf(resource);
    const whole =
      resource.qualifier === '' || resource.kind === 'layer'
        ? []
        : this.#policiesOf({ ...resource, qualifier: '' });
    if (own instanceof Promise || whole instanceof Promise) {
      return Promise.all([own, whole]).then((both) => this.#evaluate(both.flat(), resource, request));
    }
    return this.#evaluate([...own, ...whole], resource, request);
  }

  /** Drops what is remembered of a function, or of one of its qualifiers, whose policies are gone from the store. */
  forget(key: FunctionKey, qualifier?: string): void {
    const arn = functionArn(key, key.name, qualifier);
    for (const known of this.#remembered.keys()) {
      if (known === arn || (qualifier === undefined && known.startsWith(`${arn}:`)))
        this.#remembered.delete(known);
    }
  }

  /** Drops everything that is remembered. */
  clear(): void {
    this.#remembered.clear();
  }

  #evaluate(policies: readonly Policy[], resource: PolicyResource, request: ResourceRequest): AccessDecision {
    const { principal, action, facts } = request;
    const context = policyContext({ ...facts, principal, nowMs: this.#clock.nowMs() });
    return evaluatePolicies(policies, { principal, action, resource: policyResourceArn(resource), context });
  }

  #policiesOf(resource: PolicyResource): readonly Policy[] | Promise<readonly Policy[]> {
    const key = policyResourceArn(resource);
    const known = this.#remembered.get(key);
    if (known !== undefined) {
      this.#remembered.delete(key);
      this.#remembered.set(key, known);
      return known;
    }
    const reading = this.#read(resource);
    this.#remember(key, reading);
    reading.then(
      // A change in the meantime has taken the promise out, and what it read is stale.
      (policies) => this.#remembered.get(key) === reading && this.#remember(key, policies),
      () => this.#remembered.delete(key),
    );
    return reading;
  }

  async #read(resource: PolicyResource): Promise<readonly Policy[]> {
    const stored = await this.#policies.find(resource);
    return stored === undefined ? [] : [parsePolicy(stored.document, 'resource')];
  }

  #remember(key: string, policies: readonly Policy[] | Promise<readonly Policy[]>): void {
    this.#remembered.set(key, policies);
    if (this.#remembered.size <= rememberedPolicies) return;
    for (const oldest of this.#remembered.keys()) {
      this.#remembered.delete(oldest);
      return;
    }
  }
}

function principalOf({ account, arn }: AccessCaller): RequestPrincipal {
  return { kind: 'aws', account, arn };
}

function requireAllowed(decision: AccessDecision, request: ResourceRequest): void {
  if (decision.allowed) return;
  // AWS answers a null message across accounts, so that it tells nobody what exists; the reason stands in a header of ours.
  throw awsError('AccessDeniedException', '', {
    headers: { 'x-hearth-reason': describeDenial(decision, request) },
  });
}

function describeDenial(decision: AccessDecision, { action, resourceArn }: ResourceRequest): string {
  const denied = decision.decidedBy === 'statement';
  const why = denied ? 'a resource-based policy denies' : 'no resource-based policy allows';
  return `${why} ${action} on ${resourceArn}`;
}
