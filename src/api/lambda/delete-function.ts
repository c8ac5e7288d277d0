import type { DeleteFunctionRequest, DeleteFunctionResponse } from '@aws-sdk/client-lambda';
import type { Operation } from '../operation.ts';
import { permittedFunction } from './function-name.ts';
import type { LambdaServices } from './services.ts';

export const deleteFunction: Operation<LambdaServices, DeleteFunctionRequest, DeleteFunctionResponse> = {
  name: 'DeleteFunction',
  async run(services, input, context) {
    const { qualifier, ...key } = await permittedFunction(services, context, {
      input,
      action: 'DeleteFunction',
    });
    if (qualifier === undefined) await services.functions.delete(key);
    else await services.functions.deleteVersion(key, qualifier);
    return { StatusCode: 204 };
  },
};
