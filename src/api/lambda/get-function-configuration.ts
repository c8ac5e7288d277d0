import type { FunctionConfiguration, GetFunctionConfigurationRequest } from '@aws-sdk/client-lambda';
import type { Operation } from '../operation.ts';
import { permittedFunction } from './function-name.ts';
import { renderConfiguration } from './render-configuration.ts';
import type { LambdaServices } from './services.ts';

export const getFunctionConfiguration: Operation<
  LambdaServices,
  GetFunctionConfigurationRequest,
  FunctionConfiguration
> = {
  name: 'GetFunctionConfiguration',
  async run(services, input, context) {
    const request = { input, action: 'GetFunctionConfiguration' };
    const { qualifier, ...key } = await permittedFunction(services, context, request);
    const { version } = await services.functions.get(key, qualifier);
    return renderConfiguration(version, qualifier);
  },
};
