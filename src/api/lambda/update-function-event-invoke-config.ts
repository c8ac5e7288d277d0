import type {
  FunctionEventInvokeConfig,
  UpdateFunctionEventInvokeConfigRequest,
} from '@aws-sdk/client-lambda';
import type { EventInvokeConfig } from '../../functions/index.ts';
import type { Operation, Validated } from '../operation.ts';
import {
  eventInvokeTarget,
  noEventInvokeConfig,
  parseEventInvokeSettings,
  renderEventInvokeConfig,
  storedEventInvokeSettings,
} from './event-invoke-config.ts';
import type { LambdaServices } from './services.ts';

/** Changes what the request names, and leaves the rest. */
export const updateFunctionEventInvokeConfig: Operation<
  LambdaServices,
  Validated<UpdateFunctionEventInvokeConfigRequest, 'FunctionName'>,
  FunctionEventInvokeConfig
> = {
  name: 'UpdateFunctionEventInvokeConfig',
  members: { stored: storedEventInvokeSettings },
  async run(services, input, context) {
    const request = { input, action: 'UpdateFunctionEventInvokeConfig' };
    const target = await eventInvokeTarget(services, context, request);
    const change = await parseEventInvokeSettings(services, target, input);
    const lay = input.DestinationConfig === undefined ? withoutChange : withoutDestinations;
    const config = await services.eventInvokeConfigs.update(target.key, target.qualifier, (current) => ({
      ...lay(current),
      ...change,
    }));
    if (config === undefined) throw noEventInvokeConfig(target);
    return renderEventInvokeConfig(target, config);
  },
};

function withoutChange(current: EventInvokeConfig): EventInvokeConfig {
  return current;
}

/** Destinations are replaced as a pair. */
function withoutDestinations(current: EventInvokeConfig): EventInvokeConfig {
  const { onSuccess: _success, onFailure: _failure, ...rest } = current;
  return rest;
}
