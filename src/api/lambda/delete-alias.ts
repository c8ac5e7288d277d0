import type { DeleteAliasRequest } from '@aws-sdk/client-lambda';
import type { Operation } from '../operation.ts';
import { permittedWholeFunction } from './function-name.ts';
import type { LambdaServices } from './services.ts';

export const deleteAlias: Operation<LambdaServices, DeleteAliasRequest, void> = {
  name: 'DeleteAlias',
  async run(services, input, context) {
    const key = await permittedWholeFunction(services, context, { input, action: 'DeleteAlias' });
    await services.aliases.delete(key, input.Name ?? '');
  },
};
