import type {
  GetFunctionRecursionConfigRequest,
  GetFunctionRecursionConfigResponse,
} from '@aws-sdk/client-lambda';
import type { Operation, Validated } from '../operation.ts';
import { permittedWholeFunction } from './function-name.ts';
import type { LambdaServices } from './services.ts';

export const getFunctionRecursionConfig: Operation<
  LambdaServices,
  Validated<GetFunctionRecursionConfigRequest, 'FunctionName'>,
  GetFunctionRecursionConfigResponse
> = {
  name: 'GetFunctionRecursionConfig',
  async run(services, input, context) {
    const request = { input, action: 'GetFunctionRecursionConfig' };
    const key = await permittedWholeFunction(services, context, request);
    await services.functions.get(key);
    return { RecursiveLoop: await services.options.recursiveLoop(key) };
  },
};
