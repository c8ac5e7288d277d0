import type { ListTagsLogGroupRequest, ListTagsLogGroupResponse } from '@aws-sdk/client-cloudwatch-logs';
import type { Validated } from '../operation.ts';
import { requireGroup } from './log-groups.ts';
import type { LogsOperation } from './services.ts';

export const listTagsLogGroup: LogsOperation<
  Validated<ListTagsLogGroupRequest, 'logGroupName'>,
  ListTagsLogGroupResponse
> = {
  name: 'ListTagsLogGroup',
  async run(services, { logGroupName }, context) {
    const { tags } = await requireGroup(services, context, logGroupName);
    return { tags };
  },
};
