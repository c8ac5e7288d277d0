import type { UntagResourceRequest, UntagResourceResponse } from '@aws-sdk/client-application-auto-scaling';
import type { AutoscalingOperation } from './services.ts';
import { taggedTarget } from './tags.ts';

export const untagResource: AutoscalingOperation<UntagResourceRequest, UntagResourceResponse> = {
  name: 'UntagResource',
  async run(services, { ResourceARN: arn = '', TagKeys: removed = [] }, context) {
    const target = await taggedTarget(services, arn, context);
    const kept = Object.entries(target.tags).filter(([key]) => !removed.includes(key));
    await services.scaling.putTarget({ ...target, tags: Object.fromEntries(kept) });
    return {};
  },
};
