import type { Scope } from '../model/index.ts';
import type { Statement } from '../store/index.ts';

/** One function of one account and region, whatever its versions. */
export interface FunctionKey extends Scope {
  readonly name: string;
}

/**
 * Settings that hang on a function but are kept in tables of their own (tags, policies, concurrency, …). Their
 * statements run in the transaction that makes or removes the function, so that neither outlives the other.
 */
export interface FunctionDependents {
  /** With `CreateFunction`: throws an `AwsError` where the tags are not acceptable. */
  onCreate(key: FunctionKey, tags: Readonly<Record<string, string>>): readonly Statement[];
  onDelete(key: FunctionKey): readonly Statement[];
  /** A version (decimal number) or an alias was deleted. */
  onQualifierDelete(key: FunctionKey, qualifier: string): readonly Statement[];
  /** Once such a transaction is on disk: whatever is remembered of the function, or of one qualifier, must go. */
  afterDelete(key: FunctionKey, qualifier?: string): void;
  /** `key.name` is the layer's. */
  onLayerVersionDelete(key: FunctionKey, version: number): readonly Statement[];
}

/** Reserved and provisioned concurrency, as the lookup needs them. Whoever changes a number calls `FunctionLookup.invalidate`. */
export interface ReservedConcurrency {
  /** Absent means the account's unreserved pool. */
  reserved(key: FunctionKey): Promise<number | undefined>;
  /** Σ provisioned over the versions and aliases of a function. */
  provisioned(key: FunctionKey): Promise<number>;
  /** Sum over one account and region: what is reserved, and what is provisioned for functions without a reservation. */
  reservedTotal(scope: Scope): Promise<number>;
}

/** Who acts on what: the question behind every use of another account's resource. */
export interface AccessQuestion {
  /** ARN of the function (with qualifier where one was given) or layer version. */
  readonly resourceArn: string;
  /** `lambda:GetFunction`, `lambda:GetLayerVersion`, … */
  readonly action: string;
  readonly principalArn: string;
  readonly principalAccount: string;
}

/** Resource policies, as far as this module asks them. */
export interface ResourceAccess {
  allows(question: AccessQuestion): Promise<boolean>;
}

/** What this module wants to know of a runtime; `RuntimeCatalog` of the runtimes module answers it. */
export interface KnownRuntimes {
  describe(identifier: string): Promise<
    | {
        readonly interpreter?: { readonly path: string; readonly version: string };
        readonly howToAdd?: string;
        readonly versionArnHash: string;
      }
    | undefined
  >;
}
