import type { ScalingStore, ScheduledScaling } from '../../autoscaling/index.ts';
import type { Clock, Ids } from '../../base/index.ts';
import type { FunctionsModule, ProvisionedConcurrency } from '../../functions/index.ts';
import type { Provisioner } from '../../provisioning/index.ts';
import type { Operation } from '../operation.ts';

/** What the operations of Application Auto Scaling work with. */
export interface AutoscalingServices {
  readonly scaling: ScalingStore;
  readonly scheduled: Pick<ScheduledScaling, 'tick'>;
  readonly functions: Pick<FunctionsModule['functions'], 'get'>;
  readonly configs: ProvisionedConcurrency;
  readonly provisioner: Pick<Provisioner, 'put' | 'delete'>;
  readonly clock: Clock;
  readonly ids: Ids;
}

export type AutoscalingOperation<Input, Output> = Operation<AutoscalingServices, Input, Output>;
