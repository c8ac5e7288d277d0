import type { DeleteFunctionEventInvokeConfigRequest } from '@aws-sdk/client-lambda';
import type { Operation, Validated } from '../operation.ts';
import { eventInvokeTarget, noEventInvokeConfig } from './event-invoke-config.ts';
import type { LambdaServices } from './services.ts';

export const deleteFunctionEventInvokeConfig: Operation<
  LambdaServices,
  Validated<DeleteFunctionEventInvokeConfigRequest, 'FunctionName'>,
  void
> = {
  name: 'DeleteFunctionEventInvokeConfig',
  async run(services, input, context) {
    const request = { input, action: 'DeleteFunctionEventInvokeConfig' };
    const target = await eventInvokeTarget(services, context, request);
    const deleted = await services.eventInvokeConfigs.delete(target.key, target.qualifier);
    if (!deleted) throw noEventInvokeConfig(target);
  },
};
