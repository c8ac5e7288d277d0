import type { AliasConfiguration, UpdateAliasRequest } from '@aws-sdk/client-lambda';
import type { Operation } from '../operation.ts';
import { permittedWholeFunction } from './function-name.ts';
import { parseRouting } from './parse-routing.ts';
import { renderAlias } from './render-configuration.ts';
import type { LambdaServices } from './services.ts';

export const updateAlias: Operation<LambdaServices, UpdateAliasRequest, AliasConfiguration> = {
  name: 'UpdateAlias',
  async run(services, input, context) {
    const key = await permittedWholeFunction(services, context, { input, action: 'UpdateAlias' });
    const alias = await services.aliases.update(key, input.Name ?? '', {
      version: input.FunctionVersion,
      description: input.Description,
      routing: parseRouting(input.RoutingConfig),
      revisionId: input.RevisionId,
    });
    return renderAlias(key, alias);
  },
};
