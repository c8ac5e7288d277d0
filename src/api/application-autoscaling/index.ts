import type { Operation } from '../operation.ts';
import { deleteScheduledAction } from './delete-scheduled-action.ts';
import { deregisterScalableTarget } from './deregister-scalable-target.ts';
import { describeScalableTargets } from './describe-scalable-targets.ts';
import { describeScheduledActions } from './describe-scheduled-actions.ts';
import { listTagsForResource } from './list-tags-for-resource.ts';
import { putScheduledAction } from './put-scheduled-action.ts';
import { registerScalableTarget } from './register-scalable-target.ts';
import type { AutoscalingServices } from './services.ts';
import { tagResource } from './tag-resource.ts';
import { untagResource } from './untag-resource.ts';

export type { AutoscalingServices } from './services.ts';

/** Application Auto Scaling for provisioned concurrency, by schedule. Whatever else it has is answered 501. */
export const autoscalingOperations: readonly Operation<AutoscalingServices, never, unknown>[] = [
  deleteScheduledAction,
  deregisterScalableTarget,
  describeScalableTargets,
  describeScheduledActions,
  listTagsForResource,
  putScheduledAction,
  registerScalableTarget,
  tagResource,
  untagResource,
];
