import type { DeleteProvisionedConcurrencyConfigRequest } from '@aws-sdk/client-lambda';
import type { Operation, Validated } from '../operation.ts';
import { provisionedTarget } from './provisioned-target.ts';
import type { LambdaServices } from './services.ts';

/** Deleting none is no error. */
export const deleteProvisionedConcurrencyConfig: Operation<
  LambdaServices,
  Validated<DeleteProvisionedConcurrencyConfigRequest, 'FunctionName' | 'Qualifier'>,
  void
> = {
  name: 'DeleteProvisionedConcurrencyConfig',
  async run(services, input, context) {
    const request = { input, action: 'DeleteProvisionedConcurrencyConfig' };
    const { key, qualifier } = await provisionedTarget(services, context, request);
    await services.provisioned.requireTarget(key, qualifier);
    await services.provisioner.delete(key, qualifier);
  },
};
