import { vpcIdOf } from '../../functions/index.ts';
import { chosen, type Filter, refusedMembers, withIds } from './choice.ts';
import { CIDR_BLOCK } from './describe-subnets.ts';
import type { Ec2Operation } from './services.ts';

interface Input {
  readonly VpcIds?: readonly string[];
  readonly Filters?: readonly Filter[];
}

/** One for each account and region, where there are subnets at all. */
export const describeVpcs: Ec2Operation<Input, object> = {
  name: 'DescribeVpcs',
  members: { refused: refusedMembers },
  run({ vpc }, { VpcIds: ids, Filters: filters }, { account, region }) {
    const own = {
      VpcId: vpcIdOf({ account, region }),
      State: 'available',
      CidrBlock: CIDR_BLOCK,
      IsDefault: false,
      InstanceTenancy: 'default',
      OwnerId: account,
    };
    const all = vpc.subnets.size === 0 ? [] : [own];
    const found = withIds(all, ({ VpcId }) => VpcId, { ids, code: 'InvalidVpcID', noun: 'vpc ID' });
    const by = {
      'vpc-id': (one: typeof own) => one.VpcId,
      state: (one: typeof own) => one.State,
      isDefault: (one: typeof own) => String(one.IsDefault),
      'is-default': (one: typeof own) => String(one.IsDefault),
      cidr: (one: typeof own) => one.CidrBlock,
      'owner-id': (one: typeof own) => one.OwnerId,
    };
    return { Vpcs: chosen({ operation: 'DescribeVpcs', items: found, filters, by }) };
  },
};
