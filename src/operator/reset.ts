import { iamMigrations } from '../api/index.ts';
import { autoscalingMigrations } from '../autoscaling/index.ts';
import {
  type FunctionsModule,
  functionSettingsMigrations,
  functionsMigrations,
  type SettingsModule,
} from '../functions/index.ts';
import type { Provisioner } from '../provisioning/index.ts';
import type { Scheduler } from '../scheduler/index.ts';
import { type Database, emptyTables } from '../store/index.ts';
import type { Logs } from '../telemetry/index.ts';
import type { Tracing } from '../tracing/index.ts';

export interface ResetParts {
  readonly database: Database;
  readonly features: Pick<FunctionsModule, 'forgetAll' | 'collectCode' | 'settled'>;
  readonly settings: Pick<SettingsModule, 'access'>;
  readonly scheduler: Pick<Scheduler, 'reset'>;
  readonly provisioner: Pick<Provisioner, 'clear'>;
  readonly logs: Pick<Logs, 'clear'>;
  readonly tracing: Pick<Tracing, 'clear'>;
}

/**
 * Deletes every function, layer, setting, role, policy, log group and trace of all accounts; access keys and the operator's token stay. Ends
 * all environments; what runs in them fails. A call that is under way at the same time takes effect wholly before, and is
 * deleted, or wholly after.
 */
export async function reset(parts: ResetParts): Promise<void> {
  const { database, features, settings, scheduler, logs, tracing } = parts;
  await database.write(
    emptyTables([
      ...functionsMigrations,
      ...functionSettingsMigrations,
      ...iamMigrations,
      ...autoscalingMigrations,
    ]),
  );
  features.forgetAll();
  settings.access.clear();
  parts.provisioner.clear();
  await scheduler.reset();
  // After the environments, whose last lines would otherwise bring their log groups back.
  await logs.clear();
  await tracing.clear();
  await features.settled();
  await features.collectCode();
}
