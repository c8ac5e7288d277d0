import type {
  PutFunctionRecursionConfigRequest,
  PutFunctionRecursionConfigResponse,
} from '@aws-sdk/client-lambda';
import type { Operation, Validated } from '../operation.ts';
import { permittedWholeFunction } from './function-name.ts';
import type { LambdaServices } from './services.ts';

export const putFunctionRecursionConfig: Operation<
  LambdaServices,
  Validated<PutFunctionRecursionConfigRequest, 'FunctionName' | 'RecursiveLoop'>,
  PutFunctionRecursionConfigResponse
> = {
  name: 'PutFunctionRecursionConfig',
  members: { stored: { RecursiveLoop: 'Kept and answered; recursive loops are not detected yet.' } },
  async run(services, input, context) {
    const request = { input, action: 'PutFunctionRecursionConfig' };
    const key = await permittedWholeFunction(services, context, request);
    await services.options.putRecursiveLoop(key, input.RecursiveLoop);
    return { RecursiveLoop: input.RecursiveLoop };
  },
};
