import type { AliasConfiguration, GetAliasRequest } from '@aws-sdk/client-lambda';
import type { Operation } from '../operation.ts';
import { permittedWholeFunction } from './function-name.ts';
import { renderAlias } from './render-configuration.ts';
import type { LambdaServices } from './services.ts';

export const getAlias: Operation<LambdaServices, GetAliasRequest, AliasConfiguration> = {
  name: 'GetAlias',
  async run(services, input, context) {
    const key = await permittedWholeFunction(services, context, { input, action: 'GetAlias' });
    return renderAlias(key, await services.aliases.get(key, input.Name ?? ''));
  },
};
