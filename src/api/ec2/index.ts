import type { Operation } from '../operation.ts';
import { describeSecurityGroups } from './describe-security-groups.ts';
import { describeSubnets } from './describe-subnets.ts';
import { describeVpcs } from './describe-vpcs.ts';
import type { Ec2Services } from './services.ts';

export type { Ec2Services } from './services.ts';

/** What of EC2 shows the networks that functions may be put into; whatever else EC2 has is answered 501. */
export const ec2Operations: readonly Operation<Ec2Services, never, unknown>[] = [
  describeSecurityGroups,
  describeSubnets,
  describeVpcs,
];
