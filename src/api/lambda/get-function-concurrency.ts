import type { Concurrency, GetFunctionConcurrencyRequest } from '@aws-sdk/client-lambda';
import type { Operation, Validated } from '../operation.ts';
import { permittedWholeFunction } from './function-name.ts';
import type { LambdaServices } from './services.ts';

export const getFunctionConcurrency: Operation<
  LambdaServices,
  Validated<GetFunctionConcurrencyRequest, 'FunctionName'>,
  Concurrency
> = {
  name: 'GetFunctionConcurrency',
  async run(services, input, context) {
    const request = { input, action: 'GetFunctionConcurrency' };
    const key = await permittedWholeFunction(services, context, request);
    await services.functions.get(key);
    const reserved = await services.concurrency.reserved(key);
    return reserved === undefined ? {} : { ReservedConcurrentExecutions: reserved };
  },
};
