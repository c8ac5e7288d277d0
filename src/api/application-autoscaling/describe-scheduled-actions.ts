import type {
  DescribeScheduledActionsRequest,
  DescribeScheduledActionsResponse,
  ScheduledAction as Rendered,
} from '@aws-sdk/client-application-auto-scaling';
import type { ScheduledAction } from '../../autoscaling/index.ts';
import type { CallContext } from '../operation.ts';
import { DIMENSION, pageSize, parseToken, renderToken, requireLambda } from './scalable-resource.ts';
import type { AutoscalingOperation, AutoscalingServices } from './services.ts';

/** Read at a time where they are searched for a resource or for names. */
const SEARCHED_AT_ONCE = 200;

export const describeScheduledActions: AutoscalingOperation<
  DescribeScheduledActionsRequest,
  DescribeScheduledActionsResponse
> = {
  name: 'DescribeScheduledActions',
  async run(services, input, context) {
    requireLambda('DescribeScheduledActions', input);
    const count = pageSize(input.MaxResults);
    const found = await search(services, { input, context, count: count + 1 });
    const page = found.slice(0, count);
    const last = page.at(-1);
    return {
      ScheduledActions: page.map(renderAction),
      ...(found.length > count && last ? { NextToken: renderToken([last.resourceId, last.name]) } : {}),
    };
  },
};

interface Wanted {
  readonly input: DescribeScheduledActionsRequest;
  readonly context: CallContext;
  readonly count: number;
}

async function search(
  { scaling }: AutoscalingServices,
  { input, context, count }: Wanted,
): Promise<ScheduledAction[]> {
  const names = input.ScheduledActionNames?.length ? new Set(input.ScheduledActionNames) : undefined;
  const found: ScheduledAction[] = [];
  let [resourceId = '', name = ''] = parseToken(input.NextToken, 2);
  for (;;) {
    const read = await scaling.actions(context, { after: { resourceId, name }, count: SEARCHED_AT_ONCE });
    found.push(
      ...read.filter(
        (action) =>
          (input.ResourceId === undefined || action.resourceId === input.ResourceId) &&
          (names === undefined || names.has(action.name)),
      ),
    );
    const last = read.at(-1);
    if (!last || read.length < SEARCHED_AT_ONCE || found.length >= count) return found.slice(0, count);
    [resourceId, name] = [last.resourceId, last.name];
  }
}

function renderAction(action: ScheduledAction): Rendered {
  const { account, region, id, resourceId, name, startMs, endMs } = action;
  return {
    ScheduledActionName: name,
    ScheduledActionARN: `arn:aws:autoscaling:${region}:${account}:scheduledAction:${id}:resource/lambda/${resourceId}:scheduledActionName/${name}`,
    ServiceNamespace: 'lambda',
    Schedule: action.schedule,
    ...(action.timezone === undefined ? {} : { Timezone: action.timezone }),
    ResourceId: resourceId,
    ScalableDimension: DIMENSION,
    ...(startMs === undefined ? {} : { StartTime: new Date(startMs) }),
    ...(endMs === undefined ? {} : { EndTime: new Date(endMs) }),
    ScalableTargetAction: {
      ...(action.minCapacity === undefined ? {} : { MinCapacity: action.minCapacity }),
      ...(action.maxCapacity === undefined ? {} : { MaxCapacity: action.maxCapacity }),
    },
    CreationTime: new Date(action.createdMs),
  };
}
