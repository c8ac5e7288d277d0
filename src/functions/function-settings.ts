import type { Statement } from '../store/index.ts';
import type { AccessControl } from './access.ts';
import {
  functionOptionsMigrations,
  removeFunctionOptions,
  removeQualifierOptions,
} from './function-options-store.ts';
import {
  removeFunctionPolicies,
  removePolicy,
  resourcePolicyMigrations,
} from './policies/resource-policies-store.ts';
import {
  provisionedConcurrencyMigrations,
  removeProvisionedConcurrency,
} from './provisioned/provisioned-concurrency-store.ts';
import { removeReservedConcurrency, reservedConcurrencyMigrations } from './reserved-concurrency-store.ts';
import type { FunctionDependents, FunctionKey } from './settings.ts';
import { insertNewTags, removeTags, tagMigrations, type Tags } from './tags-store.ts';

/** The tables of everything that hangs on a function. */
export const functionSettingsMigrations = [
  ...resourcePolicyMigrations,
  ...tagMigrations,
  ...reservedConcurrencyMigrations,
  ...functionOptionsMigrations,
  ...provisionedConcurrencyMigrations,
];

/** Policies, tags, concurrency and options live and die with their function. */
export class FunctionSettings implements FunctionDependents {
  readonly #access: AccessControl;

  constructor(access: AccessControl) {
    this.#access = access;
  }

  /** Also removes what a call that raced the function's deletion may have left: a new function never inherits. */
  onCreate(key: FunctionKey, tags: Tags): readonly Statement[] {
    return [...this.onDelete(key), ...insertNewTags(key, tags)];
  }

  onDelete(key: FunctionKey): readonly Statement[] {
    return [
      removeFunctionPolicies(key),
      removeTags(key),
      removeReservedConcurrency(key),
      removeProvisionedConcurrency(key),
      ...removeFunctionOptions(key),
    ];
  }

  onQualifierDelete(key: FunctionKey, qualifier: string): readonly Statement[] {
    const { account, region, name } = key;
    return [
      removePolicy({ account, region, kind: 'function', name, qualifier }),
      removeProvisionedConcurrency(key, qualifier),
      ...removeQualifierOptions(key, qualifier),
    ];
  }

  onLayerVersionDelete({ account, region, name }: FunctionKey, version: number): readonly Statement[] {
    return [removePolicy({ account, region, kind: 'layer', name, qualifier: String(version) })];
  }

  afterDelete(key: FunctionKey, qualifier?: string): void {
    this.#access.forget(key, qualifier);
  }
}
