import type { ScalableTarget } from '../../autoscaling/index.ts';
import { limits, serviceError } from '../../model/index.ts';
import type { CallContext } from '../operation.ts';
import { targetArn } from './scalable-resource.ts';
import type { AutoscalingServices } from './services.ts';

export function checkTags(tags: ScalableTarget['tags']): void {
  if (Object.keys(tags).length <= limits.tagsPerResource) return;
  throw serviceError(
    'TooManyTagsException',
    400,
    `A resource can have no more than ${limits.tagsPerResource} tags.`,
  );
}

/** The target with this ARN. There are at most 500 of them. */
export async function taggedTarget(
  { scaling }: AutoscalingServices,
  arn: string,
  { account, region }: CallContext,
): Promise<ScalableTarget> {
  const all = await scaling.targets({ account, region }, { after: '', count: 1_000 });
  const target = all.find((one) => targetArn(one) === arn);
  if (target) return target;
  throw serviceError('ResourceNotFoundException', 400, `The resource with ARN ${arn} does not exist.`);
}
