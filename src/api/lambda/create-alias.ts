import type { AliasConfiguration, CreateAliasRequest } from '@aws-sdk/client-lambda';
import type { Operation } from '../operation.ts';
import { permittedWholeFunction } from './function-name.ts';
import { parseRouting } from './parse-routing.ts';
import { renderAlias } from './render-configuration.ts';
import type { LambdaServices } from './services.ts';

export const createAlias: Operation<LambdaServices, CreateAliasRequest, AliasConfiguration> = {
  name: 'CreateAlias',
  async run(services, input, context) {
    const key = await permittedWholeFunction(services, context, { input, action: 'CreateAlias' });
    const alias = await services.aliases.create(key, {
      name: input.Name ?? '',
      version: input.FunctionVersion ?? '',
      description: input.Description ?? '',
      routing: parseRouting(input.RoutingConfig) ?? [],
    });
    return renderAlias(key, alias);
  },
};
