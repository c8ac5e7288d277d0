import type { UntagResourceRequest } from '@aws-sdk/client-cloudwatch-logs';
import type { Validated } from '../operation.ts';
import { requireGroupByArn } from './log-groups.ts';
import type { LogsOperation } from './services.ts';
import { withoutTags } from './tags.ts';

export const untagResource: LogsOperation<
  Validated<UntagResourceRequest, 'resourceArn' | 'tagKeys'>,
  void
> = {
  name: 'UntagResource',
  async run(services, { resourceArn, tagKeys }, context) {
    const group = await requireGroupByArn(services, context, resourceArn);
    await services.logs.groups.changeTags(group.id, (current) => withoutTags(current, tagKeys));
  },
};
