import type { ListVersionsByFunctionRequest, ListVersionsByFunctionResponse } from '@aws-sdk/client-lambda';
import { type FunctionVersion, LATEST } from '../../model/index.ts';
import type { Operation } from '../operation.ts';
import { permittedWholeFunction } from './function-name.ts';
import { isCount, readPage } from './pages.ts';
import { renderSummary } from './render-configuration.ts';
import type { LambdaServices } from './services.ts';

export const listVersionsByFunction: Operation<
  LambdaServices,
  ListVersionsByFunctionRequest,
  ListVersionsByFunctionResponse
> = {
  name: 'ListVersionsByFunction',
  async run(services, input, context) {
    const request = { input, action: 'ListVersionsByFunction' };
    const key = await permittedWholeFunction(services, context, request);
    const { items, ...next } = await readPage<FunctionVersion, number>(input, {
      read: (after, count) => services.versions.list(key, { after, count }),
      position: ({ version }) => (version === LATEST ? 0 : Number(version)),
      isPosition: isCount,
    });
    return { ...next, Versions: items.map((version) => renderSummary(version, version.version)) };
  },
};
