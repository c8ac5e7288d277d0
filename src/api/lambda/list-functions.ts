import type { ListFunctionsRequest, ListFunctionsResponse } from '@aws-sdk/client-lambda';
import type { ListPosition } from '../../functions/index.ts';
import { type FunctionVersion, LATEST } from '../../model/index.ts';
import type { Operation } from '../operation.ts';
import { isCount, isText, readPage } from './pages.ts';
import { renderSummary } from './render-configuration.ts';
import type { LambdaServices } from './services.ts';

export const listFunctions: Operation<LambdaServices, ListFunctionsRequest, ListFunctionsResponse> = {
  name: 'ListFunctions',
  members: { refused: { MasterRegion: { hint: 'There are no Lambda@Edge replicas here: leave it out.' } } },
  async run({ functions }, input, context) {
    const all = input.FunctionVersion === 'ALL';
    const { items, ...next } = await readPage<FunctionVersion, ListPosition>(input, {
      read: (after, count) => functions.list(context, { all, after, count }),
      position: ({ name, version }) => ({ name, version: version === LATEST ? 0 : Number(version) }),
      isPosition,
    });
    return {
      ...next,
      Functions: items.map((version) => renderSummary(version, all ? version.version : undefined)),
    };
  },
};

function isPosition(value: unknown): value is ListPosition {
  if (typeof value !== 'object' || value === null) return false;
  return 'name' in value && isText(value.name) && 'version' in value && isCount(value.version);
}
