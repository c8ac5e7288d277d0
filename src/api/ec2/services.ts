import type { Vpc } from '../../functions/index.ts';
import type { Operation } from '../operation.ts';

/** What the operations of EC2 work with. */
export interface Ec2Services {
  readonly vpc: Pick<Vpc, 'subnets' | 'securityGroups'>;
}

export type Ec2Operation<Input, Output> = Operation<Ec2Services, Input, Output>;
