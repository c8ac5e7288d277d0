import type {
  ListTagsForResourceRequest,
  ListTagsForResourceResponse,
} from '@aws-sdk/client-application-auto-scaling';
import type { AutoscalingOperation } from './services.ts';
import { taggedTarget } from './tags.ts';

export const listTagsForResource: AutoscalingOperation<
  ListTagsForResourceRequest,
  ListTagsForResourceResponse
> = {
  name: 'ListTagsForResource',
  async run(services, { ResourceARN: arn = '' }, context) {
    return { Tags: { ...(await taggedTarget(services, arn, context)).tags } };
  },
};
