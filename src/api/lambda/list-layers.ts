import type { ListLayersRequest, ListLayersResponse } from '@aws-sdk/client-lambda';
import type { LayerVersion } from '../../functions/index.ts';
import { layerArn } from '../../model/index.ts';
import type { Operation } from '../operation.ts';
import { checkCompatibleRuntime } from './compatible-runtimes.ts';
import { isText, readPage } from './pages.ts';
import { renderLayerItem } from './render-layer.ts';
import type { LambdaServices } from './services.ts';

export const listLayers: Operation<LambdaServices, ListLayersRequest, ListLayersResponse> = {
  name: 'ListLayers',
  async run({ layers }, input, context) {
    checkCompatibleRuntime(input.CompatibleRuntime);
    const filter = { runtime: input.CompatibleRuntime, architecture: input.CompatibleArchitecture };
    const { items, ...next } = await readPage<LayerVersion, string>(input, {
      read: (after, count) => layers.list(context, { after, count, filter }),
      position: ({ name }) => name,
      isPosition: isText,
    });
    return {
      ...next,
      Layers: items.map((layer) => ({
        LayerName: layer.name,
        LayerArn: layerArn(layer, layer.name),
        LatestMatchingVersion: renderLayerItem(layer),
      })),
    };
  },
};
