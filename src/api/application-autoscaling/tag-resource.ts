import type { TagResourceRequest, TagResourceResponse } from '@aws-sdk/client-application-auto-scaling';
import type { AutoscalingOperation } from './services.ts';
import { checkTags, taggedTarget } from './tags.ts';

export const tagResource: AutoscalingOperation<TagResourceRequest, TagResourceResponse> = {
  name: 'TagResource',
  async run(services, { ResourceARN: arn = '', Tags: added = {} }, context) {
    const target = await taggedTarget(services, arn, context);
    const tags = { ...target.tags, ...added };
    checkTags(tags);
    await services.scaling.putTarget({ ...target, tags });
    return {};
  },
};
