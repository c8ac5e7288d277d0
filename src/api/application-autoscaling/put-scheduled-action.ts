import type {
  PutScheduledActionRequest,
  PutScheduledActionResponse,
} from '@aws-sdk/client-application-auto-scaling';
import { InvalidSchedule, nextRunMs, type ScheduledAction, type TargetKey } from '../../autoscaling/index.ts';
import { serviceError } from '../../model/index.ts';
import { checkCapacity } from './register-scalable-target.ts';
import { requireTarget, targetKey, validation } from './scalable-resource.ts';
import type { AutoscalingOperation, AutoscalingServices } from './services.ts';

/** Of one target (AWS's quota). */
const MOST_ACTIONS = 200;

/** Makes or changes a scheduled action. Times of start and end that are not given again are gone, as on AWS. */
export const putScheduledAction: AutoscalingOperation<PutScheduledActionRequest, PutScheduledActionResponse> =
  {
    name: 'PutScheduledAction',
    async run(services, input, context) {
      const key = targetKey('PutScheduledAction', input, context);
      await requireTarget(services, key, 'registered');
      const name = input.ScheduledActionName ?? '';
      const known = await services.scaling.action(key, name);
      if (!known && (await services.scaling.countActions(key)) >= MOST_ACTIONS) throw tooMany();
      const action = decideAction(services, { key, name, known, input });
      await services.scaling.putAction(action);
      void services.scheduled.tick();
      return {};
    },
  };

interface Change {
  readonly key: TargetKey;
  readonly name: string;
  readonly known: ScheduledAction | undefined;
  readonly input: PutScheduledActionRequest;
}

function decideAction(
  { clock, ids }: AutoscalingServices,
  { key, name, known, input }: Change,
): ScheduledAction {
  const { ScalableTargetAction: change } = input;
  const schedule = input.Schedule ?? known?.schedule;
  const minCapacity = change ? change.MinCapacity : known?.minCapacity;
  const maxCapacity = change ? change.MaxCapacity : known?.maxCapacity;
  const timezone = input.Timezone ?? known?.timezone;
  if (schedule === undefined) throw validation('Schedule must be specified for a new scheduled action');
  if (minCapacity === undefined && maxCapacity === undefined) {
    throw validation('At least one of MinCapacity and MaxCapacity must be specified in ScalableTargetAction');
  }
  checkCapacity(minCapacity, maxCapacity);
  if (minCapacity !== undefined && maxCapacity !== undefined && minCapacity > maxCapacity) {
    throw validation('Maximum capacity cannot be less than minimum capacity');
  }
  const [startMs, endMs] = [input.StartTime?.getTime(), input.EndTime?.getTime()];
  const createdMs = known?.createdMs ?? clock.nowMs();
  const times = { schedule, timezone, startMs, endMs };
  return {
    ...key,
    name,
    id: known?.id ?? ids.uuid(),
    schedule,
    createdMs,
    ...(timezone === undefined ? {} : { timezone }),
    ...(startMs === undefined ? {} : { startMs }),
    ...(endMs === undefined ? {} : { endMs }),
    ...(minCapacity === undefined ? {} : { minCapacity }),
    ...(maxCapacity === undefined ? {} : { maxCapacity }),
    ...firstRun(times, clock.nowMs(), createdMs),
  };
}

function firstRun(
  times: Parameters<typeof nextRunMs>[0],
  nowMs: number,
  createdMs: number,
): { readonly nextRunMs?: number } {
  try {
    const next = nextRunMs(times, nowMs, createdMs);
    return next === undefined ? {} : { nextRunMs: next };
  } catch (error) {
    if (error instanceof InvalidSchedule) throw validation(error.message);
    throw error;
  }
}

function tooMany(): Error {
  return serviceError(
    'LimitExceededException',
    400,
    `There can be no more than ${MOST_ACTIONS} scheduled actions for a scalable target.`,
  );
}
