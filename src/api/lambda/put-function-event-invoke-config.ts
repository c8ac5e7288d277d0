import type { FunctionEventInvokeConfig, PutFunctionEventInvokeConfigRequest } from '@aws-sdk/client-lambda';
import type { Operation, Validated } from '../operation.ts';
import {
  eventInvokeTarget,
  parseEventInvokeSettings,
  renderEventInvokeConfig,
  storedEventInvokeSettings,
} from './event-invoke-config.ts';
import type { LambdaServices } from './services.ts';

/** Replaces the whole configuration. */
export const putFunctionEventInvokeConfig: Operation<
  LambdaServices,
  Validated<PutFunctionEventInvokeConfigRequest, 'FunctionName'>,
  FunctionEventInvokeConfig
> = {
  name: 'PutFunctionEventInvokeConfig',
  members: { stored: storedEventInvokeSettings },
  async run(services, input, context) {
    const request = { input, action: 'PutFunctionEventInvokeConfig' };
    const target = await eventInvokeTarget(services, context, request);
    const config = await parseEventInvokeSettings(services, target, input);
    await services.eventInvokeConfigs.put(target.key, target.qualifier, config);
    return renderEventInvokeConfig(target, config);
  },
};
