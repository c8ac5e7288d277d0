import type { DeleteLogGroupRequest } from '@aws-sdk/client-cloudwatch-logs';
import type { Validated } from '../operation.ts';
import { requireGroup } from './log-groups.ts';
import type { LogsOperation } from './services.ts';

export const deleteLogGroup: LogsOperation<Validated<DeleteLogGroupRequest, 'logGroupName'>, void> = {
  name: 'DeleteLogGroup',
  async run(services, { logGroupName }, context) {
    const { logs } = services;
    await logs.sink.flush();
    const group = await requireGroup(services, context, logGroupName);
    await logs.groups.deleteGroup(group.id);
    void logs.pruner.prune();
  },
};
