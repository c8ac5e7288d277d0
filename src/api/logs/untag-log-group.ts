import type { UntagLogGroupRequest } from '@aws-sdk/client-cloudwatch-logs';
import type { Validated } from '../operation.ts';
import { requireGroup } from './log-groups.ts';
import type { LogsOperation } from './services.ts';
import { withoutTags } from './tags.ts';

export const untagLogGroup: LogsOperation<Validated<UntagLogGroupRequest, 'logGroupName' | 'tags'>, void> = {
  name: 'UntagLogGroup',
  async run(services, { logGroupName, tags }, context) {
    const group = await requireGroup(services, context, logGroupName);
    await services.logs.groups.changeTags(group.id, (current) => withoutTags(current, tags));
  },
};
