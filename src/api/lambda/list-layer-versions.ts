import type { ListLayerVersionsRequest, ListLayerVersionsResponse } from '@aws-sdk/client-lambda';
import type { LayerVersion } from '../../functions/index.ts';
import type { Operation } from '../operation.ts';
import { checkCompatibleRuntime } from './compatible-runtimes.ts';
import { parseOwnLayerName } from './layer-name.ts';
import { isCount, readPage } from './pages.ts';
import { renderLayerItem } from './render-layer.ts';
import type { LambdaServices } from './services.ts';

export const listLayerVersions: Operation<
  LambdaServices,
  ListLayerVersionsRequest,
  ListLayerVersionsResponse
> = {
  name: 'ListLayerVersions',
  async run({ layers }, input, context) {
    const key = parseOwnLayerName(context, { name: input.LayerName, action: 'ListLayerVersions' });
    checkCompatibleRuntime(input.CompatibleRuntime);
    const filter = { runtime: input.CompatibleRuntime, architecture: input.CompatibleArchitecture };
    const { items, ...next } = await readPage<LayerVersion, number>(input, {
      read: (before, count) => layers.listVersions(key, { before, count, filter }),
      position: ({ version }) => version,
      isPosition: isCount,
    });
    return { ...next, LayerVersions: items.map(renderLayerItem) };
  },
};
