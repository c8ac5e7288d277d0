import type {
  RegisterScalableTargetRequest,
  RegisterScalableTargetResponse,
  SuspendedState,
} from '@aws-sdk/client-application-auto-scaling';
import {
  bringWithin,
  parseResourceId,
  type ScalableTarget,
  type Suspended,
  type TargetKey,
} from '../../autoscaling/index.ts';
import { serviceError } from '../../model/index.ts';
import { refusedByLambda, targetArn, targetKey, validation } from './scalable-resource.ts';
import type { AutoscalingOperation, AutoscalingServices } from './services.ts';
import { checkTags } from './tags.ts';

/** Of one account and region (AWS's quota for Lambda). */
const MOST_TARGETS = 500;

/** Makes or changes a target, and brings the function's provisioned concurrency within its bounds at once, as AWS does. */
export const registerScalableTarget: AutoscalingOperation<
  RegisterScalableTargetRequest,
  RegisterScalableTargetResponse
> = {
  name: 'RegisterScalableTarget',
  members: {
    stored: {
      'SuspendedState.DynamicScalingInSuspended': 'Kept and answered; there are no scaling policies yet.',
      'SuspendedState.DynamicScalingOutSuspended': 'Kept and answered; there are no scaling policies yet.',
      RoleARN: 'Lambda is scaled with its service-linked role, whatever is given; as on AWS.',
    },
  },
  async run(services, input, context) {
    const key = targetKey('RegisterScalableTarget', input, context);
    await requireFunction(services, key);
    const known = await services.scaling.target(key);
    if (!known && (await services.scaling.countTargets(key)) >= MOST_TARGETS) throw tooMany();
    const target = known ? changed(known, input) : newTarget(services, key, input);
    checkTags(target.tags);
    if (target.minCapacity > target.maxCapacity) {
      throw validation('Maximum capacity cannot be less than minimum capacity');
    }
    await bringWithin(services, key, target).catch((error: unknown) => {
      throw refusedByLambda(error);
    });
    await services.scaling.putTarget(target);
    return { ScalableTargetARN: targetArn(target) };
  },
};

async function requireFunction({ functions }: AutoscalingServices, key: TargetKey): Promise<void> {
  const scaled = parseResourceId(key.resourceId);
  if (!scaled) return;
  const { account, region } = key;
  await functions.get({ account, region, name: scaled.name }, scaled.qualifier).catch((error: unknown) => {
    throw refusedByLambda(error);
  });
}

function newTarget(
  { ids, clock }: AutoscalingServices,
  key: TargetKey,
  input: RegisterScalableTargetRequest,
): ScalableTarget {
  const { MinCapacity: minCapacity, MaxCapacity: maxCapacity } = input;
  if (minCapacity === undefined || maxCapacity === undefined) {
    throw validation('MinCapacity and MaxCapacity must be specified when registering a new scalable target');
  }
  checkCapacity(minCapacity, maxCapacity);
  return {
    ...key,
    id: ids.hex(32),
    minCapacity,
    maxCapacity,
    suspended: suspendedAfter(
      { dynamicIn: false, dynamicOut: false, scheduled: false },
      input.SuspendedState,
    ),
    tags: input.Tags ?? {},
    createdMs: clock.nowMs(),
  };
}

/** What is not named stays. AWS takes tags only with a new target. */
function changed(known: ScalableTarget, input: RegisterScalableTargetRequest): ScalableTarget {
  if (Object.keys(input.Tags ?? {}).length > 0) {
    throw validation('Tags can only be given when a new scalable target is registered: use TagResource.');
  }
  checkCapacity(input.MinCapacity, input.MaxCapacity);
  return {
    ...known,
    minCapacity: input.MinCapacity ?? known.minCapacity,
    maxCapacity: input.MaxCapacity ?? known.maxCapacity,
    suspended: suspendedAfter(known.suspended, input.SuspendedState),
  };
}

export function checkCapacity(...capacities: readonly (number | undefined)[]): void {
  if (capacities.some((capacity) => capacity !== undefined && capacity < 0)) {
    throw validation('Capacity must not be negative');
  }
}

function suspendedAfter(known: Suspended, state: SuspendedState | undefined): Suspended {
  return {
    dynamicIn: state?.DynamicScalingInSuspended ?? known.dynamicIn,
    dynamicOut: state?.DynamicScalingOutSuspended ?? known.dynamicOut,
    scheduled: state?.ScheduledScalingSuspended ?? known.scheduled,
  };
}

function tooMany(): Error {
  return serviceError(
    'LimitExceededException',
    400,
    `There can be no more than ${MOST_TARGETS} scalable targets.`,
  );
}
