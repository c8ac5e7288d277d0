import type {
  GetProvisionedConcurrencyConfigRequest,
  GetProvisionedConcurrencyConfigResponse,
} from '@aws-sdk/client-lambda';
import type { Operation, Validated } from '../operation.ts';
import { noProvisionedConfig, provisionedTarget, renderProvisioned } from './provisioned-target.ts';
import type { LambdaServices } from './services.ts';

export const getProvisionedConcurrencyConfig: Operation<
  LambdaServices,
  Validated<GetProvisionedConcurrencyConfigRequest, 'FunctionName' | 'Qualifier'>,
  GetProvisionedConcurrencyConfigResponse
> = {
  name: 'GetProvisionedConcurrencyConfig',
  async run(services, input, context) {
    const request = { input, action: 'GetProvisionedConcurrencyConfig' };
    const { key, qualifier } = await provisionedTarget(services, context, request);
    await services.provisioned.requireTarget(key, qualifier);
    const config = await services.provisioned.find(key, qualifier);
    if (!config) throw noProvisionedConfig();
    return renderProvisioned(config, services.provisioner.status(key, qualifier));
  },
};
