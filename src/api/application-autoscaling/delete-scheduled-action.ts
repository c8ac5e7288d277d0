import type {
  DeleteScheduledActionRequest,
  DeleteScheduledActionResponse,
} from '@aws-sdk/client-application-auto-scaling';
import { serviceError } from '../../model/index.ts';
import { DIMENSION, targetKey } from './scalable-resource.ts';
import type { AutoscalingOperation } from './services.ts';

export const deleteScheduledAction: AutoscalingOperation<
  DeleteScheduledActionRequest,
  DeleteScheduledActionResponse
> = {
  name: 'DeleteScheduledAction',
  async run(services, input, context) {
    const key = targetKey('DeleteScheduledAction', input, context);
    const name = input.ScheduledActionName ?? '';
    if (await services.scaling.deleteAction(key, name)) return {};
    throw serviceError(
      'ObjectNotFoundException',
      400,
      `No scheduled action found for service namespace: lambda, resource ID: ${key.resourceId}, scalable dimension: ${DIMENSION}, scheduled action name: ${name}`,
    );
  },
};
