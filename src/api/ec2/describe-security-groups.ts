import { vpcIdOf } from '../../functions/index.ts';
import { chosen, type Filter, refusedMembers, withIds } from './choice.ts';
import type { Ec2Operation } from './services.ts';

interface Input {
  readonly GroupIds?: readonly string[];
  readonly GroupNames?: readonly string[];
  readonly Filters?: readonly Filter[];
}

const EVERYWHERE = [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }];

export const describeSecurityGroups: Ec2Operation<Input, object> = {
  name: 'DescribeSecurityGroups',
  members: { refused: refusedMembers },
  run({ vpc }, { GroupIds: ids, GroupNames: names, Filters: filters }, { account, region }) {
    const all = vpc.securityGroups.map((id) => ({
      GroupId: id,
      GroupName: id,
      Description: 'A security group that the operator named',
      VpcId: vpcIdOf({ account, region }),
      OwnerId: account,
      IpPermissions: [],
      IpPermissionsEgress: EVERYWHERE,
      SecurityGroupArn: `arn:aws:ec2:${region}:${account}:security-group/${id}`,
    }));
    const missing = { code: 'InvalidGroup', noun: 'security group' };
    const byId = withIds(all, ({ GroupId }) => GroupId, { ...missing, ids });
    const found = withIds(byId, ({ GroupName }) => GroupName, { ...missing, ids: names });
    const by = {
      'group-id': (group: (typeof all)[number]) => group.GroupId,
      'group-name': (group: (typeof all)[number]) => group.GroupName,
      'vpc-id': (group: (typeof all)[number]) => group.VpcId,
      'owner-id': (group: (typeof all)[number]) => group.OwnerId,
    };
    return { SecurityGroups: chosen({ operation: 'DescribeSecurityGroups', items: found, filters, by }) };
  },
};
