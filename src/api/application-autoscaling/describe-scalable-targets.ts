import type {
  DescribeScalableTargetsRequest,
  DescribeScalableTargetsResponse,
  ScalableTarget as Rendered,
} from '@aws-sdk/client-application-auto-scaling';
import { parseResourceId, type ScalableTarget } from '../../autoscaling/index.ts';
import type { CallContext } from '../operation.ts';
import {
  DIMENSION,
  pageSize,
  parseToken,
  renderToken,
  requireLambda,
  targetArn,
} from './scalable-resource.ts';
import type { AutoscalingOperation, AutoscalingServices } from './services.ts';

export const describeScalableTargets: AutoscalingOperation<
  DescribeScalableTargetsRequest,
  DescribeScalableTargetsResponse
> = {
  name: 'DescribeScalableTargets',
  async run(services, input, context) {
    requireLambda('DescribeScalableTargets', input);
    if (input.ResourceIds && input.ResourceIds.length > 0) {
      const found = await named(services, input.ResourceIds, context);
      return { ScalableTargets: found.map(renderTarget) };
    }
    const [after = ''] = parseToken(input.NextToken, 1);
    const count = pageSize(input.MaxResults);
    const found = await services.scaling.targets(context, { after, count: count + 1 });
    const page = found.slice(0, count);
    const last = page.at(-1);
    return {
      ScalableTargets: page.map(renderTarget),
      ...(found.length > count && last ? { NextToken: renderToken([last.resourceId]) } : {}),
    };
  },
};

async function named(
  services: AutoscalingServices,
  ids: readonly string[],
  { account, region }: CallContext,
): Promise<readonly ScalableTarget[]> {
  const found = await Promise.all(
    [...new Set(ids)]
      .filter(parseResourceId)
      .map((resourceId) => services.scaling.target({ account, region, resourceId })),
  );
  return found.filter((target) => target !== undefined);
}

function renderTarget(target: ScalableTarget): Rendered {
  const { suspended } = target;
  return {
    ServiceNamespace: 'lambda',
    ResourceId: target.resourceId,
    ScalableDimension: DIMENSION,
    MinCapacity: target.minCapacity,
    MaxCapacity: target.maxCapacity,
    RoleARN: `arn:aws:iam::${target.account}:role/aws-service-role/lambda.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency`,
    CreationTime: new Date(target.createdMs),
    SuspendedState: {
      DynamicScalingInSuspended: suspended.dynamicIn,
      DynamicScalingOutSuspended: suspended.dynamicOut,
      ScheduledScalingSuspended: suspended.scheduled,
    },
    ScalableTargetARN: targetArn(target),
  };
}
