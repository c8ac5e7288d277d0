import type {
  ListFunctionEventInvokeConfigsRequest,
  ListFunctionEventInvokeConfigsResponse,
} from '@aws-sdk/client-lambda';
import type { QualifiedEventInvokeConfig } from '../../functions/index.ts';
import { awsError } from '../../model/index.ts';
import type { Operation, Validated } from '../operation.ts';
import { eventInvokeTarget, functionIsThere, renderEventInvokeConfig } from './event-invoke-config.ts';
import { isText, readPage } from './pages.ts';
import type { LambdaServices } from './services.ts';

export const listFunctionEventInvokeConfigs: Operation<
  LambdaServices,
  Validated<ListFunctionEventInvokeConfigsRequest, 'FunctionName'>,
  ListFunctionEventInvokeConfigsResponse
> = {
  name: 'ListFunctionEventInvokeConfigs',
  async run(services, input, context) {
    const request = { input, action: 'ListFunctionEventInvokeConfigs' };
    const { key } = await eventInvokeTarget(services, context, request);
    if (!(await functionIsThere(services, key))) {
      throw awsError('ResourceNotFoundException', "The function doesn't exist.");
    }
    const { items, ...next } = await readPage<QualifiedEventInvokeConfig, string>(input, {
      read: (after, count) => services.eventInvokeConfigs.list(key, { after, count }),
      position: ({ qualifier }) => qualifier,
      isPosition: isText,
    });
    const configs = items.map((config) =>
      renderEventInvokeConfig({ key, qualifier: config.qualifier }, config),
    );
    return { ...next, FunctionEventInvokeConfigs: configs };
  },
};
