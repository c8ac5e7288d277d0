import type {
  PutProvisionedConcurrencyConfigRequest,
  PutProvisionedConcurrencyConfigResponse,
} from '@aws-sdk/client-lambda';
import type { Operation, Validated } from '../operation.ts';
import { noProvisionedConfig, provisionedTarget, renderProvisioned } from './provisioned-target.ts';
import type { LambdaServices } from './services.ts';

/** The environments follow in the background; what is answered is that it began. */
export const putProvisionedConcurrencyConfig: Operation<
  LambdaServices,
  Validated<
    PutProvisionedConcurrencyConfigRequest,
    'FunctionName' | 'Qualifier' | 'ProvisionedConcurrentExecutions'
  >,
  PutProvisionedConcurrencyConfigResponse
> = {
  name: 'PutProvisionedConcurrencyConfig',
  async run(services, input, context) {
    const request = { input, action: 'PutProvisionedConcurrencyConfig' };
    const { key, qualifier } = await provisionedTarget(services, context, request);
    await services.provisioner.put(key, qualifier, input.ProvisionedConcurrentExecutions);
    const config = await services.provisioned.find(key, qualifier);
    if (!config) throw noProvisionedConfig();
    const { allocated, available } = services.provisioner.status(key, qualifier);
    return renderProvisioned(config, { status: 'IN_PROGRESS', allocated, available });
  },
};
