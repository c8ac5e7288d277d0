import type { ListAliasesRequest, ListAliasesResponse } from '@aws-sdk/client-lambda';
import type { Alias } from '../../functions/index.ts';
import type { Operation } from '../operation.ts';
import { permittedWholeFunction } from './function-name.ts';
import { isText, readPage } from './pages.ts';
import { renderAlias } from './render-configuration.ts';
import type { LambdaServices } from './services.ts';

export const listAliases: Operation<LambdaServices, ListAliasesRequest, ListAliasesResponse> = {
  name: 'ListAliases',
  async run(services, input, context) {
    const key = await permittedWholeFunction(services, context, { input, action: 'ListAliases' });
    const { items, ...next } = await readPage<Alias, string>(input, {
      read: (after, count) => services.aliases.list(key, { after, count, version: input.FunctionVersion }),
      position: ({ name }) => name,
      isPosition: isText,
    });
    return { ...next, Aliases: items.map((alias) => renderAlias(key, alias)) };
  },
};
