import type { Clock, Ids } from '../base/index.ts';
import { limits } from '../model/index.ts';
import type { Database } from '../store/index.ts';
import { AccessControl } from './access.ts';
import { EventInvokeConfigs } from './event-invoke-store.ts';
import { FunctionOptions } from './function-options-store.ts';
import { FunctionSettings } from './function-settings.ts';
import { ResourcePolicies } from './policies/resource-policies.ts';
import { ProvisionedConcurrency } from './provisioned/provisioned-concurrency-store.ts';
import { ReservedConcurrencyStore } from './reserved-concurrency-store.ts';
import { FunctionTags } from './tags-store.ts';

/** What hangs on functions and layers: who may use them, how many at once, what they are called by. */
export interface SettingsModule {
  readonly policies: ResourcePolicies;
  readonly access: AccessControl;
  readonly tags: FunctionTags;
  readonly concurrency: ReservedConcurrencyStore;
  readonly provisioned: ProvisionedConcurrency;
  readonly options: FunctionOptions;
  readonly eventInvokeConfigs: EventInvokeConfigs;
  /** Service time: what stamps a change. */
  readonly clock: Clock;
  /** For `openFunctions`. */
  readonly dependents: FunctionSettings;
}

/** Opens the settings over a database with `functionSettingsMigrations` applied. Holds nothing that has to be closed. */
export function openSettings(parts: {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Of each account and region; AWS's default of 1,000 where the operator says nothing. */
  readonly accountConcurrency?: number | undefined;
}): SettingsModule {
  const policies = new ResourcePolicies(parts);
  const accountConcurrency = parts.accountConcurrency ?? limits.accountConcurrency;
  const access = new AccessControl({ policies, clock: parts.clock });
  return {
    policies,
    access,
    tags: new FunctionTags(parts),
    concurrency: new ReservedConcurrencyStore(parts.database, accountConcurrency),
    provisioned: new ProvisionedConcurrency(parts.database, accountConcurrency),
    options: new FunctionOptions(parts.database),
    eventInvokeConfigs: new EventInvokeConfigs(parts.database),
    clock: parts.clock,
    dependents: new FunctionSettings(access),
  };
}
