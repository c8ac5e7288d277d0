import type { TagResourceRequest } from '@aws-sdk/client-lambda';
import { awsError } from '../../model/index.ts';
import type { Operation, Validated } from '../operation.ts';
import type { LambdaServices } from './services.ts';
import { taggedFunction } from './tagged-function.ts';

export const tagResource: Operation<
  LambdaServices,
  Validated<TagResourceRequest, 'Resource' | 'Tags'>,
  void
> = {
  name: 'TagResource',
  async run(services, input, context) {
    if (Object.keys(input.Tags).length === 0) {
      throw awsError(
        'InvalidParameterValueException',
        'An error occurred and the request cannot be processed.',
      );
    }
    const request = { arn: input.Resource, action: 'TagResource' };
    const key = await taggedFunction(services, context, request);
    await services.tags.add(key, input.Tags);
    services.lookup.invalidate(key);
  },
};
