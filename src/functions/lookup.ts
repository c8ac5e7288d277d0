import type { LocalImage } from '../images/index.ts';
import type { FunctionVersion, Scope } from '../model/index.ts';
import type { FunctionKey } from './settings.ts';

export interface FunctionAddress extends Scope {
  readonly name: string;
  /** Version, alias or `$LATEST`; absent means `$LATEST`. */
  readonly qualifier?: string;
}

/** What an invocation needs to know about its target. */
export interface InvocationTarget {
  /** The version that runs; a weighted alias is decided anew at each lookup. */
  readonly version: FunctionVersion;
  /** The ARN exactly as the caller addressed it: unqualified, or with alias or version. */
  readonly invokedFunctionArn: string;
  readonly alias?: string;
  /** Over all versions of the function; absent means the account's unreserved pool. */
  readonly reservedConcurrency?: number;
  /** Σ provisioned concurrency over the function's versions and aliases; only beside a reservation, of which it is a part. */
  readonly provisionedConcurrency?: number;
}

/** Host folders for `/var/task` and, with layers, `/opt`. An image brings its whole root file system, which then is `task`. */
export interface CodeOnDisk {
  readonly task: string;
  readonly opt?: string;
  readonly image?: LocalImage;
}

/**
 * The hot path's view of the functions: answers from memory, without a promise, once a function was read; otherwise reads the store.
 * Throws (or rejects with) `ResourceNotFoundException` in AWS's words.
 */
export interface FunctionLookup {
  resolve(address: FunctionAddress): InvocationTarget | Promise<InvocationTarget>;
  /** What is extracted of a version's code and layers before this resolves. */
  directories(version: FunctionVersion): Promise<CodeOnDisk>;
  /** Called with the `deploymentId` of a version that no longer runs (updated, deleted): its environments must go. */
  onRetired(listener: (deploymentId: string) => void): void;
  /** Whole-account numbers for admission: Σ reserved concurrency of one account and region, and provisioned outside of it. */
  reservedTotal(scope: Scope): number | Promise<number>;
  /** Forgets what is remembered of one function: called after every change of it or of its settings. */
  invalidate(key: FunctionKey): void;
}
