import type { UntagResourceRequest } from '@aws-sdk/client-lambda';
import type { Operation, Validated } from '../operation.ts';
import type { LambdaServices } from './services.ts';
import { taggedFunction } from './tagged-function.ts';

export const untagResource: Operation<
  LambdaServices,
  Validated<UntagResourceRequest, 'Resource' | 'TagKeys'>,
  void
> = {
  name: 'UntagResource',
  async run(services, input, context) {
    const request = { arn: input.Resource, action: 'UntagResource' };
    const key = await taggedFunction(services, context, request);
    await services.tags.remove(key, input.TagKeys);
    services.lookup.invalidate(key);
  },
};
