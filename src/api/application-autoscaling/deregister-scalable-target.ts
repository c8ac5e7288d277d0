import type {
  DeregisterScalableTargetRequest,
  DeregisterScalableTargetResponse,
} from '@aws-sdk/client-application-auto-scaling';
import { noTarget, targetKey } from './scalable-resource.ts';
import type { AutoscalingOperation } from './services.ts';

/** With its scheduled actions; the provisioned concurrency stays as it is. */
export const deregisterScalableTarget: AutoscalingOperation<
  DeregisterScalableTargetRequest,
  DeregisterScalableTargetResponse
> = {
  name: 'DeregisterScalableTarget',
  async run(services, input, context) {
    const key = targetKey('DeregisterScalableTarget', input, context);
    if (!(await services.scaling.deleteTarget(key))) throw noTarget(key, 'found');
    return {};
  },
};
