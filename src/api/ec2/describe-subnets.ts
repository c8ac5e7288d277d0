import { vpcIdOf } from '../../functions/index.ts';
import { chosen, type Filter, refusedMembers, withIds } from './choice.ts';
import type { Ec2Operation } from './services.ts';

interface Input {
  readonly SubnetIds?: readonly string[];
  readonly Filters?: readonly Filter[];
}

/** Where Hearth's own networks are; every function has one address of them. */
export const CIDR_BLOCK = '198.18.0.0/15';

export const describeSubnets: Ec2Operation<Input, object> = {
  name: 'DescribeSubnets',
  members: { refused: refusedMembers },
  run({ vpc }, { SubnetIds: ids, Filters: filters }, { account, region }) {
    const all = [...vpc.subnets].map(([id, network]) => ({
      SubnetId: id,
      VpcId: vpcIdOf({ account, region }),
      State: 'available',
      CidrBlock: CIDR_BLOCK,
      AvailabilityZone: `${region}a`,
      AvailableIpAddressCount: 65_536,
      DefaultForAz: false,
      MapPublicIpOnLaunch: false,
      OwnerId: account,
      SubnetArn: `arn:aws:ec2:${region}:${account}:subnet/${id}`,
      Tags: [{ Key: 'hearth:network', Value: network }],
    }));
    const found = withIds(all, ({ SubnetId }) => SubnetId, {
      ids,
      code: 'InvalidSubnetID',
      noun: 'subnet ID',
    });
    const by = {
      'subnet-id': (subnet: (typeof all)[number]) => subnet.SubnetId,
      'vpc-id': (subnet: (typeof all)[number]) => subnet.VpcId,
      state: (subnet: (typeof all)[number]) => subnet.State,
      'availability-zone': (subnet: (typeof all)[number]) => subnet.AvailabilityZone,
      'owner-id': (subnet: (typeof all)[number]) => subnet.OwnerId,
    };
    return { Subnets: chosen({ operation: 'DescribeSubnets', items: found, filters, by }) };
  },
};
