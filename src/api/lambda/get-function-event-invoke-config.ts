import type { FunctionEventInvokeConfig, GetFunctionEventInvokeConfigRequest } from '@aws-sdk/client-lambda';
import type { Operation, Validated } from '../operation.ts';
import { eventInvokeTarget, noEventInvokeConfig, renderEventInvokeConfig } from './event-invoke-config.ts';
import type { LambdaServices } from './services.ts';

export const getFunctionEventInvokeConfig: Operation<
  LambdaServices,
  Validated<GetFunctionEventInvokeConfigRequest, 'FunctionName'>,
  FunctionEventInvokeConfig
> = {
  name: 'GetFunctionEventInvokeConfig',
  async run(services, input, context) {
    const request = { input, action: 'GetFunctionEventInvokeConfig' };
    const target = await eventInvokeTarget(services, context, request);
    const config = await services.eventInvokeConfigs.find(target.key, target.qualifier);
    if (config === undefined) throw noEventInvokeConfig(target);
    return renderEventInvokeConfig(target, config);
  },
};
