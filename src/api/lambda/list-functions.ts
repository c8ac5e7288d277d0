import type { ListFunctionsRequest, ListFunctionsResponse } from '@aws-sdk/client-lambda';
import type { ListPosition } from '../../functions/index.ts';
import { awsError, type FunctionVersion, LATEST } from '../../model/index.ts';
import type { Operation } from '../operation.ts';
import { isCount, isText, readPage } from './pages.ts';
import { renderSummary } from './render-configuration.ts';
import type { LambdaServices } from './services.ts';

export const listFunctions: Operation<LambdaServices, ListFunctionsRequest, ListFunctionsResponse> = {
  name: 'ListFunctions',
  async run({ functions }, input, context) {
    const all = input.FunctionVersion === 'ALL';
    if (namesRegion(input.MasterRegion, all)) return { Functions: [] };
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

/**
 * Whether only replicas of Lambda@Edge functions are asked for, of which there are none here; `ALL` means them beside everything
 * else. Throws where not every version is asked for (API reference, ListFunctions).
 */
function namesRegion(masterRegion: string | undefined, allVersions: boolean): boolean {
  if (masterRegion !== undefined && !allVersions) {
    throw awsError(
      'InvalidParameterValueException',
      'FunctionVersion must be set to ALL when MasterRegion is specified.',
    );
  }
  return masterRegion !== undefined && masterRegion !== 'ALL';
}

function isPosition(value: unknown): value is ListPosition {
  if (typeof value !== 'object' || value === null) return false;
  return 'name' in value && isText(value.name) && 'version' in value && isCount(value.version);
}
