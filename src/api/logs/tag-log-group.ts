import type { TagLogGroupRequest } from '@aws-sdk/client-cloudwatch-logs';
import type { Validated } from '../operation.ts';
import { requireGroup } from './log-groups.ts';
import type { LogsOperation } from './services.ts';
import { withTags } from './tags.ts';

export const tagLogGroup: LogsOperation<Validated<TagLogGroupRequest, 'logGroupName' | 'tags'>, void> = {
  name: 'TagLogGroup',
  async run(services, { logGroupName, tags }, context) {
    const group = await requireGroup(services, context, logGroupName);
    await services.logs.groups.changeTags(group.id, (current) => withTags(current, tags));
  },
};
