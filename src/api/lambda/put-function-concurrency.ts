import type { Concurrency, PutFunctionConcurrencyRequest } from '@aws-sdk/client-lambda';
import type { Operation, Validated } from '../operation.ts';
import { permittedWholeFunction } from './function-name.ts';
import type { LambdaServices } from './services.ts';

export const putFunctionConcurrency: Operation<
  LambdaServices,
  Validated<PutFunctionConcurrencyRequest, 'FunctionName' | 'ReservedConcurrentExecutions'>,
  Concurrency
> = {
  name: 'PutFunctionConcurrency',
  async run(services, input, context) {
    const request = { input, action: 'PutFunctionConcurrency' };
    const key = await permittedWholeFunction(services, context, request);
    await services.concurrency.put(key, input.ReservedConcurrentExecutions);
    services.lookup.invalidate(key);
    return { ReservedConcurrentExecutions: input.ReservedConcurrentExecutions };
  },
};
