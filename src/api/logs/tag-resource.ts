import type { TagResourceRequest } from '@aws-sdk/client-cloudwatch-logs';
import type { Validated } from '../operation.ts';
import { requireGroupByArn } from './log-groups.ts';
import type { LogsOperation } from './services.ts';
import { withTags } from './tags.ts';

export const tagResource: LogsOperation<Validated<TagResourceRequest, 'resourceArn' | 'tags'>, void> = {
  name: 'TagResource',
  async run(services, { resourceArn, tags }, context) {
    const group = await requireGroupByArn(services, context, resourceArn);
    await services.logs.groups.changeTags(group.id, (current) => withTags(current, tags));
  },
};
