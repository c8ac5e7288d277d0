import type { ListTagsRequest, ListTagsResponse } from '@aws-sdk/client-lambda';
import type { Operation, Validated } from '../operation.ts';
import type { LambdaServices } from './services.ts';
import { taggedFunction } from './tagged-function.ts';

export const listTags: Operation<LambdaServices, Validated<ListTagsRequest, 'Resource'>, ListTagsResponse> = {
  name: 'ListTags',
  async run(services, input, context) {
    const key = await taggedFunction(services, context, { arn: input.Resource, action: 'ListTags' });
    await services.functions.get(key);
    return { Tags: await services.tags.list(key) };
  },
};
