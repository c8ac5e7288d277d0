import type { FunctionConfiguration, UpdateFunctionConfigurationRequest } from '@aws-sdk/client-lambda';
import type { Operation } from '../operation.ts';
import { permittedWholeFunction } from './function-name.ts';
import { parseConfiguration } from './parse-configuration.ts';
import { requireOwnRole } from './pass-role.ts';
import { refusedConfiguration } from './refused-settings.ts';
import { renderConfiguration } from './render-configuration.ts';
import type { LambdaServices } from './services.ts';

export const updateFunctionConfiguration: Operation<
  LambdaServices,
  UpdateFunctionConfigurationRequest,
  FunctionConfiguration
> = {
  name: 'UpdateFunctionConfiguration',
  members: { refused: refusedConfiguration },
  async run(services, input, context) {
    const request = { input, action: 'UpdateFunctionConfiguration' };
    const key = await permittedWholeFunction(services, context, request);
    requireOwnRole(context, key.account, input.Role);
    const version = await services.functions.updateConfiguration(key, {
      change: parseConfiguration(input),
      layerArns: input.Layers,
      revisionId: input.RevisionId,
      caller: context.caller,
    });
    return renderConfiguration(version);
  },
};
