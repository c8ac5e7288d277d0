import type { Ids } from '../../base/index.ts';
import { awsError, limits, PolicySyntaxError, parsePolicy } from '../../model/index.ts';
import type { Database } from '../../store/index.ts';
import { type Permission, renderStatement, type StatementJson } from './permission-statement.ts';
import { type PolicyResource, policyResourceArn } from './policy-resource.ts';
import { type PolicyChange, ResourcePolicyStore, type StoredPolicy } from './resource-policies-store.ts';

interface ResourcePoliciesNeeds {
  readonly database: Database;
  readonly ids: Ids;
}

/** What a caller asks for when it changes a policy. */
interface PolicyCondition {
  /** The revision that the policy must have; absent means any. */
  readonly revisionId?: string | undefined;
}

/** The resource policies of functions, versions, aliases and layer versions. */
export class ResourcePolicies {
  readonly #store: ResourcePolicyStore;
  readonly #ids: Ids;
  readonly #listeners: ((resource: PolicyResource) => void)[] = [];

  constructor({ database, ids }: ResourcePoliciesNeeds) {
    this.#store = new ResourcePolicyStore(database);
    this.#ids = ids;
  }

  find(resource: PolicyResource): Promise<StoredPolicy | undefined> {
    return this.#store.find(resource);
  }

  /** Throws `ResourceNotFoundException` where there is none; a layer version that is not there is named. */
  async get(resource: PolicyResource): Promise<StoredPolicy> {
    const policy = await this.#store.find(resource);
    if (policy !== undefined) return policy;
    if (resource.kind === 'layer') await this.#store.requireTarget(resource);
    throw noSuchPolicy(resource);
  }

  /** Called after every change of a policy made here. */
  onChange(listener: (resource: PolicyResource) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Adds one statement and answers it, with the new revision. Throws `ResourceNotFoundException` for what is not there,
   * `ResourceConflictException` for a Sid that is, `PreconditionFailedException` for another revision and
   * `PolicyLengthExceededException` beyond 20 KB.
   */
  async add(
    resource: PolicyResource,
    permission: Permission,
    { revisionId }: PolicyCondition = {},
  ): Promise<{ readonly statement: string; readonly revisionId: string }> {
    const statement = renderStatement(permission);
    const decide = (current: StoredPolicy | undefined) => {
      const statements = current === undefined ? [] : statementsOf(current);
      if (statements.some((one) => one['Sid'] === permission.sid)) throw statementExists(permission.sid);
      requireRevision(resource, current, revisionId);
      return this.#revise(current, [...statements, statement]);
    };
    const policy = await this.#change(resource, { decide });
    return { statement: JSON.stringify(statement), revisionId: policy?.revisionId ?? '' };
  }

  /** Removes one statement; the last takes the policy with it. Throws `ResourceNotFoundException`, worded for what is missing. */
  async remove(resource: PolicyResource, sid: string, { revisionId }: PolicyCondition = {}): Promise<void> {
    const decide = (current: StoredPolicy | undefined) => {
      if (current === undefined) throw noPolicyAssociated();
      const statements = statementsOf(current);
      const kept = statements.filter((one) => one['Sid'] !== sid);
      if (kept.length === statements.length) {
        throw awsError('ResourceNotFoundException', `Statement ${sid} is not found in resource policy.`);
      }
      requireRevision(resource, current, revisionId);
      return kept.length === 0 ? undefined : this.#revise(current, kept);
    };
    await this.#change(resource, { decide, noFunction: noPolicyFound });
  }

  /** Puts a whole document in place of what is there. Throws `InvalidParameterValueException` for what is no policy. */
  async replace(
    resource: PolicyResource,
    document: string,
    { revisionId }: PolicyCondition = {},
  ): Promise<StoredPolicy> {
    requireResourcePolicy(document);
    const next = { document, revisionId: this.#ids.uuid() };
    const decide = (current: StoredPolicy | undefined) => {
      requireRevision(resource, current, revisionId);
      return next;
    };
    await this.#change(resource, { decide });
    return next;
  }

  /** Throws `ResourceNotFoundException` where there is no policy. */
  async delete(resource: PolicyResource, { revisionId }: PolicyCondition = {}): Promise<void> {
    const decide = (current: StoredPolicy | undefined) => {
      if (current === undefined) throw noSuchPolicy(resource);
      requireRevision(resource, current, revisionId);
      return undefined;
    };
    await this.#change(resource, { decide, noFunction: noSuchPolicy });
  }

  async #change(resource: PolicyResource, change: PolicyChange): Promise<StoredPolicy | undefined> {
    const policy = await this.#store.change(resource, change);
    for (const listener of this.#listeners) listener(resource);
    return policy;
  }

  #revise(current: StoredPolicy | undefined, statements: readonly StatementJson[]): StoredPolicy {
    const envelope = current === undefined ? { Version: '2012-10-17', Id: 'default' } : envelopeOf(current);
    const document = JSON.stringify({ ...envelope, Statement: statements });
    const sizeBytes = Buffer.byteLength(document);
    if (sizeBytes > limits.policyBytes) {
      throw awsError(
        'PolicyLengthExceededException',
        `The final policy size (${sizeBytes}) is bigger than the limit (${limits.policyBytes}).`,
      );
    }
    return { document, revisionId: this.#ids.uuid() };
  }
}

/** AWS words what a layer version lacks otherwise than what a function lacks. */
function noSuchPolicy({ kind }: PolicyResource): Error {
  if (kind === 'layer') return noPolicyAssociated();
  return awsError('ResourceNotFoundException', 'The resource you requested does not exist.');
}

function noPolicyAssociated(): Error {
  return awsError('ResourceNotFoundException', 'No policy is associated with the given resource.');
}

function noPolicyFound(resource: PolicyResource): Error {
  return awsError('ResourceNotFoundException', `No policy found for: ${policyResourceArn(resource)}`);
}

function statementExists(sid: string): Error {
  return awsError(
    'ResourceConflictException',
    `The statement id (${sid}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
  );
}

function requireRevision(
  { kind }: PolicyResource,
  current: StoredPolicy | undefined,
  expected: string | undefined,
): void {
  if (expected === undefined || expected === current?.revisionId) return;
  const read = kind === 'layer' ? 'GetLayerPolicy' : 'GetPolicy';
  throw awsError(
    'PreconditionFailedException',
    `The Revision Id provided does not match the latest Revision Id. Call the ${read} API to retrieve the latest Revision Id`,
  );
}

function requireResourcePolicy(document: string): void {
  try {
    parsePolicy(document, 'resource');
  } catch (error) {
    if (!(error instanceof PolicySyntaxError)) throw error;
    throw awsError('InvalidParameterValueException', `The provided policy is invalid: ${error.message}`);
  }
}

/** Documents were checked before they were stored, so that reading them back needs no second parser. */
function parseStored(policy: StoredPolicy): StatementJson {
  return JSON.parse(policy.document) as StatementJson;
}

function statementsOf(policy: StoredPolicy): readonly StatementJson[] {
  const statements = parseStored(policy)['Statement'];
  return (Array.isArray(statements) ? statements : [statements]) as readonly StatementJson[];
}

function envelopeOf(policy: StoredPolicy): StatementJson {
  const { Statement: _, ...envelope } = parseStored(policy);
  return envelope;
}
