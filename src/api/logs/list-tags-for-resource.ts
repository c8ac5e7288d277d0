import type {
  ListTagsForResourceRequest,
  ListTagsForResourceResponse,
} from '@aws-sdk/client-cloudwatch-logs';
import type { Validated } from '../operation.ts';
import { requireGroupByArn } from './log-groups.ts';
import type { LogsOperation } from './services.ts';

export const listTagsForResource: LogsOperation<
  Validated<ListTagsForResourceRequest, 'resourceArn'>,
  ListTagsForResourceResponse
> = {
  name: 'ListTagsForResource',
  async run(services, { resourceArn }, context) {
    const { tags } = await requireGroupByArn(services, context, resourceArn);
    return { tags };
  },
};
