import type { DeleteRetentionPolicyRequest } from '@aws-sdk/client-cloudwatch-logs';
import type { Validated } from '../operation.ts';
import { requireGroup } from './log-groups.ts';
import type { LogsOperation } from './services.ts';

export const deleteRetentionPolicy: LogsOperation<
  Validated<DeleteRetentionPolicyRequest, 'logGroupName'>,
  void
> = {
  name: 'DeleteRetentionPolicy',
  async run(services, { logGroupName }, context) {
    const group = await requireGroup(services, context, logGroupName);
    await services.logs.groups.setRetention(group.id, null);
  },
};
