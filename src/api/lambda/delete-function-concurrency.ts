import type { DeleteFunctionConcurrencyRequest } from '@aws-sdk/client-lambda';
import type { Operation, Validated } from '../operation.ts';
import { permittedWholeFunction } from './function-name.ts';
import type { LambdaServices } from './services.ts';

export const deleteFunctionConcurrency: Operation<
  LambdaServices,
  Validated<DeleteFunctionConcurrencyRequest, 'FunctionName'>,
  void
> = {
  name: 'DeleteFunctionConcurrency',
  async run(services, input, context) {
    const request = { input, action: 'DeleteFunctionConcurrency' };
    const key = await permittedWholeFunction(services, context, request);
    await services.concurrency.delete(key);
    services.lookup.invalidate(key);
  },
};
