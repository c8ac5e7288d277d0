import type {
  ListProvisionedConcurrencyConfigsRequest,
  ListProvisionedConcurrencyConfigsResponse,
} from '@aws-sdk/client-lambda';
import type { ProvisionedConfig } from '../../functions/index.ts';
import { functionArn } from '../../model/index.ts';
import type { Operation, Validated } from '../operation.ts';
import { permittedWholeFunction } from './function-name.ts';
import { isText, readPage } from './pages.ts';
import { renderProvisioned } from './provisioned-target.ts';
import type { LambdaServices } from './services.ts';

export const listProvisionedConcurrencyConfigs: Operation<
  LambdaServices,
  Validated<ListProvisionedConcurrencyConfigsRequest, 'FunctionName'>,
  ListProvisionedConcurrencyConfigsResponse
> = {
  name: 'ListProvisionedConcurrencyConfigs',
  async run(services, input, context) {
    const request = { input, action: 'ListProvisionedConcurrencyConfigs' };
    const key = await permittedWholeFunction(services, context, request);
    await services.functions.get(key);
    const { items, ...next } = await readPage<ProvisionedConfig, string>(input, {
      read: (after, count) => services.provisioned.list(key, { after, count }),
      position: ({ qualifier }) => qualifier,
      isPosition: isText,
    });
    const configs = items.map((config) => ({
      FunctionArn: functionArn(key, key.name, config.qualifier),
      ...renderProvisioned(config, services.provisioner.status(key, config.qualifier)),
    }));
    return { ...next, ProvisionedConcurrencyConfigs: configs };
  },
};
